from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def keep_lists(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Let providers of unknown vendors that may have relied on lists with commas go on reading them.

    Before, a single value was split at its commas. The vendors whose guides we wrote send one value for each group, so
    their values are names from now on. So they are for a provider that has filled a group with a comma in its name,
    which cannot have come from a list.
    """
    uses = apps.get_model("authentication", "EnvironmentProvider").objects.filter(method="jit", syncs_groups=True)
    memberships = apps.get_model("workspace", "GroupMembership").objects.filter(source_kind="jit")
    for use in uses.filter(identity_provider__vendor="other").select_related("identity_provider"):
        if not memberships.filter(source_id=str(use.pk), group__name__contains=",").exists():
            use.identity_provider.groups_separator = ","
            use.identity_provider.save(update_fields=["groups_separator"])


class Migration(migrations.Migration):
    """Say how groups arrive, and what an assertion without the group attribute means."""

    dependencies = [
        ("authentication", "0008_one_key_for_both_forms_of_a_domain"),
        ("workspace", "0006_one_key_for_both_forms_of_a_domain"),
    ]

    operations = [
        migrations.AddField("identityprovider", "groups_separator", models.CharField(blank=True, max_length=1)),
        migrations.AddField(
            "identityprovider",
            "missing_groups",
            models.CharField(
                choices=[("unchanged", "Changes no groups"), ("none", "Means no groups")],
                default="unchanged",
                max_length=10,
                verbose_name="a sign-in without the group attribute",
            ),
        ),
        migrations.RunPython(keep_lists, migrations.RunPython.noop),
    ]
