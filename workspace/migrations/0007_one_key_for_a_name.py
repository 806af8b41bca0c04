"""Give names the keys that blanks and unseen characters do not change."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from workspace.db.rekeying import give_new_keys


def fill(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    people, groups = (apps.get_model("workspace", name)._base_manager for name in ("EndUser", "EndUserGroup"))
    give_new_keys(people.all(), "full_name", "name_key")
    give_new_keys(people.exclude(user_name=""), "user_name", "user_name_key")
    give_new_keys(groups.all(), "name", "name_key", "environment")


class Migration(migrations.Migration):
    dependencies = [("workspace", "0006_one_key_for_both_forms_of_a_domain")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
