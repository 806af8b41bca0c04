from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("provisioning", "0004_order_by_code_points")]

    operations = [migrations.RemoveField("provisionedemail", "type_key")]
