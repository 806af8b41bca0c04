"""Keys that lists are filtered and sorted by are ordered by code points on PostgreSQL, as SQLite orders all texts.

So an order and the beginning of a text are found in the same index, whatever the locale of the database. Columns that
are compared with each other need the same collation.
"""

from typing import Any

from django.db import migrations

_COLUMNS = {
    "provisioning_provisioneduser": {"user_name_key": 500, "display_name_key": 500, "external_id": 500},
    "provisioning_provisionedgroup": {"display_name_key": 500, "external_id": 500},
    "provisioning_provisionedemail": {"value_key": 500},
    "provisioning_groupmapping": {"name_key": 500},
}


def _collate(schema_editor: Any, collation: str) -> None:
    if schema_editor.connection.vendor != "postgresql":
        return
    for table, columns in _COLUMNS.items():
        changes = (
            f'ALTER COLUMN {column} TYPE varchar({length}) COLLATE "{collation}"' for column, length in columns.items()
        )
        schema_editor.execute(f"ALTER TABLE {table} {', '.join(changes)}", params=None)


class Migration(migrations.Migration):
    dependencies = [
        ("provisioning", "0003_count_resources"),
    ]

    operations = [
        migrations.RunPython(
            lambda apps, schema_editor: _collate(schema_editor, "C"),
            lambda apps, schema_editor: _collate(schema_editor, "default"),
        ),
    ]
