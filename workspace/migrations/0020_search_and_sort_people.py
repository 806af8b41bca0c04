"""Search people without accents, keep their last sign-in, and index the orders of their list."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from workspace.db.indexes import SearchedIndex
from workspace.db.keys import search_key


def fill(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    people = apps.get_model("workspace", "EndUser")
    as_stored, connection = people._meta.pk.get_db_prep_value, schema_editor.connection
    rows = people._base_manager.order_by("pk").values_list("pk", "full_name", "email", "user_name")
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {people._meta.db_table} SET search_key = %s WHERE id = %s",  # noqa: S608 -- our own name
            [(search_key(*texts), as_stored(pk, connection)) for pk, *texts in rows.iterator(chunk_size=2000)],
        )


class Migration(migrations.Migration):
    dependencies = [("workspace", "0019_people_imports")]

    operations = [
        migrations.RemoveIndex(model_name="enduser", name="end_user_by_name"),
        migrations.AddField(
            model_name="enduser", name="last_sign_in_at", field=models.DateTimeField(editable=False, null=True)
        ),
        migrations.AddField(
            model_name="enduser", name="search_key", field=models.TextField(default="", editable=False)
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="enduser",
            index=SearchedIndex(
                fields=["workspace", "name_key", "id"],
                name="end_user_by_name",
                searched=["status", "last_sign_in_at", "created_at", "search_key"],
            ),
        ),
        migrations.AddIndex(
            model_name="enduser",
            index=models.Index(fields=["workspace", "status", "name_key", "id"], name="end_user_by_status"),
        ),
        migrations.AddIndex(
            model_name="enduser",
            index=models.Index(
                fields=["workspace", "last_sign_in_at", "name_key", "id"], name="end_user_by_last_sign_in"
            ),
        ),
        # Each of the two indexes below begins with one of these columns.
        migrations.AlterField(
            model_name="environmentaccess",
            name="end_user",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="accesses",
                to="workspace.enduser",
            ),
        ),
        migrations.AlterField(
            model_name="environmentaccess",
            name="environment",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="accesses",
                to="workspace.environment",
            ),
        ),
        migrations.AddIndex(
            model_name="environmentaccess",
            index=models.Index(fields=["end_user", "environment"], name="access_by_person"),
        ),
        migrations.AddIndex(
            model_name="environmentaccess",
            index=models.Index(
                fields=["environment", "source_kind", "source_name", "end_user", "source_id"], name="access_by_source"
            ),
        ),
    ]
