"""Give attempts and links the same keys of addresses as people have."""

from typing import Any

from django.db import migrations

from workspace.db.keys import canonical


def fill(apps: Any, schema_editor: Any) -> None:
    for name in ("SignInAttempt", "PasswordTicket"):
        rows = apps.get_model("authentication", name).objects
        for key in set(rows.filter(email_key__contains="xn--").values_list("email_key", flat=True)):
            rows.filter(email_key=key).update(email_key=canonical(key))


class Migration(migrations.Migration):
    dependencies = [
        ("authentication", "0007_bound_what_anonymous_clients_store"),
        ("workspace", "0006_one_key_for_both_forms_of_a_domain"),
    ]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
