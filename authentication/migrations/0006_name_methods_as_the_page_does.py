from django.db import migrations, models


class Migration(migrations.Migration):
    """Call the provisioning methods by the names of the page."""

    dependencies = [("authentication", "0005_drop_two_tables_of_consumed_messages")]

    operations = [
        migrations.AlterField(
            "environmentprovider",
            "method",
            models.CharField(
                choices=[("manual", "Manual provisioning"), ("jit", "JIT provisioning"), ("scim", "SCIM provisioning")],
                default="manual",
                max_length=10,
                verbose_name="provisioning method",
            ),
        ),
        migrations.AlterField(
            "environmentprovider",
            "syncs_groups",
            models.BooleanField(default=False, verbose_name="user groups syncing"),
        ),
    ]
