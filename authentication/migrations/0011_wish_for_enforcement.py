from django.db import migrations, models
from django.db.models import F


def wish(apps, schema_editor):
    """Let unfinished providers, which enforce nothing yet, wait for a test as new ones do."""
    rows = apps.get_model("authentication", "EnvironmentProvider").objects.filter(identity_provider__entity_id="")
    rows.exclude(enforcement="no_one").update(
        wished_enforcement=F("enforcement"), wished_domains=F("domains"), enforcement="no_one", domains=[]
    )


def enforce(apps, schema_editor):
    rows = apps.get_model("authentication", "EnvironmentProvider").objects.exclude(wished_enforcement="")
    rows.update(enforcement=F("wished_enforcement"), domains=F("wished_domains"))


class Migration(migrations.Migration):
    """Let enforcement wait for a successful test. Providers that enforce go on doing so."""

    dependencies = [("authentication", "0010_notes_on_attempts")]

    operations = [
        migrations.AddField(
            "authnrequest", "configuration", models.CharField(blank=True, editable=False, max_length=64)
        ),
        migrations.AddField("environmentprovider", "tested_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField(
            "environmentprovider",
            "tested_configuration",
            models.CharField(blank=True, editable=False, max_length=64),
        ),
        migrations.AddField("environmentprovider", "wished_domains", models.JSONField(blank=True, default=list)),
        migrations.AddField(
            "environmentprovider",
            "wished_enforcement",
            models.CharField(
                blank=True,
                choices=[
                    ("no_one", "No one yet"),
                    ("all_domains", "All domains"),
                    ("selected_domains", "Selected domains"),
                ],
                max_length=20,
            ),
        ),
        migrations.RunPython(wish, enforce),
    ]
