from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

# The kind, the model before and its column of the message's ID.
_BEFORE = [("assertion", "ConsumedAssertion", "assertion_id"), ("logout", "ConsumedLogout", "request_id")]


def fill(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Copy the IDs of both tables, so that nothing consumed counts again."""
    consumed = apps.get_model("authentication", "ConsumedMessage")
    for kind, name, column in _BEFORE:
        rows = apps.get_model("authentication", name).objects.values_list("identity_provider", column, "expires_at")
        consumed.objects.bulk_create(
            (
                consumed(identity_provider_id=provider, kind=kind, message_id=message, expires_at=expires_at)
                for provider, message, expires_at in rows.iterator()
            ),
            batch_size=1000,
        )


def empty(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Copy the IDs back into their two tables."""
    rows = apps.get_model("authentication", "ConsumedMessage").objects
    for kind, name, column in _BEFORE:
        before = apps.get_model("authentication", name)
        before.objects.bulk_create(
            before(identity_provider_id=row.identity_provider_id, expires_at=row.expires_at, **{column: row.message_id})
            for row in rows.filter(kind=kind)
        )
    rows.all().delete()


class Migration(migrations.Migration):
    """Copy consumed assertions and logout requests into their one table."""

    dependencies = [("authentication", "0003_consumed_messages")]

    operations = [migrations.RunPython(fill, empty)]
