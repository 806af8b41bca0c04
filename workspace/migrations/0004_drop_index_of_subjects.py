from django.db import migrations


class Migration(migrations.Migration):
    """The index served look-ups that the table of subjects answers now."""

    dependencies = [("workspace", "0003_fill_subjects_and_sources")]

    operations = [migrations.RemoveIndex("changeevent", "event_by_subject")]
