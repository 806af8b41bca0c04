from django.db import migrations, models


class Migration(migrations.Migration):
    """Call an environment's use of a provider by its one name."""

    dependencies = [("authentication", "0001_initial")]

    operations = [
        migrations.RenameField("authnrequest", "use", "environment_provider"),
        migrations.AlterField(
            "environmentprovider",
            "identity_provider",
            models.ForeignKey(
                on_delete=models.CASCADE, related_name="environment_providers", to="authentication.identityprovider"
            ),
        ),
    ]
