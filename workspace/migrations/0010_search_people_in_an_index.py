"""Give the index of names the columns that are searched, on SQLite."""

from django.db import migrations

from workspace.db.indexes import SearchedIndex


class Migration(migrations.Migration):
    dependencies = [("workspace", "0009_merged_end_users")]

    operations = [
        migrations.RemoveIndex(model_name="enduser", name="end_user_by_name"),
        migrations.AddIndex(
            model_name="enduser",
            index=SearchedIndex(
                fields=["workspace", "name_key", "id"], searched=["email_key", "user_name_key"], name="end_user_by_name"
            ),
        ),
    ]
