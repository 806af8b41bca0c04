from django.db import migrations, models


class Migration(migrations.Migration):
    """Keep with an attempt what an administrator should know of it."""

    dependencies = [("authentication", "0009_how_groups_arrive")]

    operations = [migrations.AddField("signinattempt", "notes", models.JSONField(blank=True, default=list))]
