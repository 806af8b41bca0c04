import django.db.models.deletion
from django.db import migrations, models

import workspace.models.sources


class Migration(migrations.Migration):
    dependencies = [("workspace", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="ChangeSubject",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="subjects", to="workspace.changeevent"
                    ),
                ),
                ("kind", models.CharField(max_length=30)),
                ("subject_id", models.UUIDField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("subject_id", "event"), name="subject_of_event_unique")
                ],
            },
        ),
        migrations.AddField("changeevent", "links", models.JSONField(default=list)),
        migrations.AddField(
            "enduser",
            "name_source",
            workspace.models.sources.SourceField(
                default=workspace.models.sources.manual, editable=False, max_length=310
            ),
        ),
        migrations.AddField(
            "enduser",
            "email_source",
            workspace.models.sources.SourceField(
                default=workspace.models.sources.manual, editable=False, max_length=310
            ),
        ),
    ]
