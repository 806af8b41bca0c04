"""Triggers that count resources (`ResourceCount`), for migrations: rows are counted whatever makes or deletes them."""

from collections.abc import Iterable
from typing import Any

_TABLES = {"User": "provisioning_provisioneduser", "Group": "provisioning_provisionedgroup"}

# One row at a time and in one part, as there is one writer.
_ON_SQLITE = (
    """
    CREATE TRIGGER KIND_comes AFTER INSERT ON TABLE_OF_KIND BEGIN
        INSERT INTO provisioning_resourcecount (connection_id, kind, part, total)
        SELECT NEW.connection_id, 'KIND', 0, 0 WHERE NOT EXISTS (
            SELECT 1 FROM provisioning_resourcecount
            WHERE connection_id = NEW.connection_id AND kind = 'KIND' AND part = 0
        );
        UPDATE provisioning_resourcecount SET total = total + 1
        WHERE connection_id = NEW.connection_id AND kind = 'KIND' AND part = 0;
    END
    """,
    """
    CREATE TRIGGER KIND_goes AFTER DELETE ON TABLE_OF_KIND BEGIN
        UPDATE provisioning_resourcecount SET total = total - 1
        WHERE connection_id = OLD.connection_id AND kind = 'KIND' AND part = 0;
    END
    """,
)
# All rows of a statement at once; those of several connections in one order, so that nobody waits in a circle. The part
# is the database session's own, as few have numbers that are 32 apart. What goes is counted out of the own part, or
# else of another one; where there is none, the connection is about to go too.
_FUNCTION = """
    CREATE FUNCTION provisioning_count_resources() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        own_part CONSTANT integer := pg_backend_pid() % 32;
        one record;
    BEGIN
        FOR one IN SELECT connection_id, count(*) AS number FROM changed GROUP BY connection_id ORDER BY connection_id
        LOOP
            IF TG_OP = 'INSERT' THEN
                INSERT INTO provisioning_resourcecount AS held (connection_id, kind, part, total)
                VALUES (one.connection_id, TG_ARGV[0], own_part, one.number)
                ON CONFLICT (connection_id, kind, part) DO UPDATE SET total = held.total + excluded.total;
            ELSE
                UPDATE provisioning_resourcecount SET total = total - one.number WHERE id = (
                    SELECT id FROM provisioning_resourcecount
                    WHERE connection_id = one.connection_id AND kind = TG_ARGV[0]
                    ORDER BY part <> own_part, part LIMIT 1
                );
            END IF;
        END LOOP;
        RETURN NULL;
    END $$
"""
_ON_POSTGRESQL = (
    """
    CREATE TRIGGER KIND_comes AFTER INSERT ON TABLE_OF_KIND REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION provisioning_count_resources('KIND')
    """,
    """
    CREATE TRIGGER KIND_goes AFTER DELETE ON TABLE_OF_KIND REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION provisioning_count_resources('KIND')
    """,
)
_COUNT = (
    """
    INSERT INTO provisioning_resourcecount (connection_id, kind, part, total)
    SELECT connection_id, 'KIND', 0, count(*) FROM TABLE_OF_KIND GROUP BY connection_id
    """,
)


def make_triggers(apps: Any, schema_editor: Any) -> None:
    """Count the resources there are, and those that come and go from now on."""
    if _is_postgresql(schema_editor):
        schema_editor.execute(_FUNCTION, params=None)
        _execute(schema_editor, _ON_POSTGRESQL)
    else:
        _execute(schema_editor, _ON_SQLITE)
    _execute(schema_editor, _COUNT)


def drop_triggers(apps: Any, schema_editor: Any) -> None:
    """Count no more."""
    if _is_postgresql(schema_editor):
        schema_editor.execute("DROP FUNCTION provisioning_count_resources CASCADE", params=None)
    else:
        _execute(schema_editor, ("DROP TRIGGER KIND_comes", "DROP TRIGGER KIND_goes"))


def _is_postgresql(schema_editor: Any) -> bool:
    return schema_editor.connection.vendor == "postgresql"


def _execute(schema_editor: Any, statements: Iterable[str]) -> None:
    """For each kind of resource."""
    for kind, table in _TABLES.items():
        for sql in statements:
            schema_editor.execute(sql.replace("TABLE_OF_KIND", table).replace("KIND", kind), params=None)
