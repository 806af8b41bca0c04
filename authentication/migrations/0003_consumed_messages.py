import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Add one table for consumed assertions and logout requests."""

    dependencies = [("authentication", "0002_environment_provider")]

    operations = [
        migrations.CreateModel(
            name="ConsumedMessage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(choices=[("assertion", "Assertion"), ("logout", "Logout request")], max_length=10),
                ),
                ("message_id", models.CharField(max_length=256)),
                ("expires_at", models.DateTimeField(db_index=True)),
                (
                    "identity_provider",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="consumed_messages",
                        to="authentication.identityprovider",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=["identity_provider", "kind", "message_id"], name="consumed_message_unique"
                    )
                ]
            },
        ),
    ]
