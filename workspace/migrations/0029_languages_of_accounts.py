from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("workspace", "0028_get_started"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="language",
            field=models.CharField(blank=True, db_default="", default="", max_length=10),
        ),
    ]
