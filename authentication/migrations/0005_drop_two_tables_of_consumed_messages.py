from django.db import migrations


class Migration(migrations.Migration):
    """Drop the two tables whose rows are in the table of consumed messages."""

    dependencies = [("authentication", "0004_fill_consumed_messages")]

    operations = [migrations.DeleteModel("ConsumedAssertion"), migrations.DeleteModel("ConsumedLogout")]
