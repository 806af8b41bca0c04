from django.db import migrations, models


class Migration(migrations.Migration):
    """Fold refused sign-in attempts, bound open requests, and keep no response that is refused."""

    dependencies = [("authentication", "0006_name_methods_as_the_page_does")]

    operations = [
        migrations.AddField("authnrequest", "network", models.CharField(blank=True, editable=False, max_length=45)),
        migrations.AddField("authnrequest", "refusal", models.TextField(blank=True, editable=False)),
        migrations.AddField("signinattempt", "count", models.PositiveIntegerField(default=1)),
        migrations.AddField("signinattempt", "last_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("signinattempt", "network", models.CharField(blank=True, editable=False, max_length=45)),
        migrations.AddField(
            "signinattempt", "fold_key", models.CharField(blank=True, editable=False, max_length=64, null=True)
        ),
        migrations.AddIndex(
            "authnrequest",
            models.Index(fields=["environment_provider", "network", "-expires_at"], name="authn_request_by_network"),
        ),
        migrations.AddIndex(
            "signinattempt",
            models.Index(
                fields=["environment", "network", "-id"],
                name="attempt_refused_by_network",
                condition=models.Q(("fold_key__isnull", False)),
            ),
        ),
        migrations.AddConstraint(
            "signinattempt", models.UniqueConstraint(fields=["fold_key"], name="attempt_fold_key_unique")
        ),
    ]
