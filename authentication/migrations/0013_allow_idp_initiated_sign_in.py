from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("authentication", "0012_one_key_for_a_name")]

    operations = [
        migrations.AddField(
            "identityprovider",
            "allows_idp_initiated",
            models.BooleanField(default=False, verbose_name="IdP-initiated sign-in"),
        ),
    ]
