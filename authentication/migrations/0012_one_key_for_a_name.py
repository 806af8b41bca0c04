"""Give names of identity providers the keys that blanks and unseen characters do not change."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from workspace.db.rekeying import give_new_keys


def fill(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    providers = apps.get_model("authentication", "IdentityProvider")._base_manager
    give_new_keys(providers.all(), "name", "name_key", "workspace")


class Migration(migrations.Migration):
    dependencies = [("authentication", "0011_wish_for_enforcement"), ("workspace", "0007_one_key_for_a_name")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
