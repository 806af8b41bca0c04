from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("authentication", "0020_count_attempts_by_day"),
    ]

    operations = [
        migrations.AddField(
            model_name="authnrequest",
            name="typed_address",
            field=models.CharField(blank=True, default="", editable=False, max_length=254),
            preserve_default=False,
        ),
    ]
