"""Triggers that keep `ResourceCount`, for migrations. They count rows whatever creates or deletes them."""

from collections.abc import Iterable

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_TABLES = {"User": "provisioning_provisioneduser", "Group": "provisioning_provisionedgroup"}

# One row at a time: SQLite has one writer.
_ON_SQLITE = (
    """
    CREATE TRIGGER KIND_comes AFTER INSERT ON TABLE_OF_KIND BEGIN
        INSERT INTO provisioning_resourcecount (connection_id, kind, total)
        SELECT NEW.connection_id, 'KIND', 0 WHERE NOT EXISTS (
            SELECT 1 FROM provisioning_resourcecount WHERE connection_id = NEW.connection_id AND kind = 'KIND'
        );
        UPDATE provisioning_resourcecount SET total = total + 1
        WHERE connection_id = NEW.connection_id AND kind = 'KIND';
    END
    """,
    """
    CREATE TRIGGER KIND_goes AFTER DELETE ON TABLE_OF_KIND BEGIN
        UPDATE provisioning_resourcecount SET total = total - 1
        WHERE connection_id = OLD.connection_id AND kind = 'KIND';
    END
    """,
)
# All rows of a statement at once. No transaction waits for a count that another one has changed, so that none can
# deadlock: where no count is free, it inserts another one. A delete without any count deletes the connection itself.
_FUNCTION = """
    CREATE FUNCTION provisioning_count_resources() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        one record;
    BEGIN
        FOR one IN
            SELECT connection_id, CASE TG_OP WHEN 'INSERT' THEN count(*) ELSE -count(*) END AS more
            FROM changed GROUP BY connection_id
        LOOP
            UPDATE provisioning_resourcecount SET total = total + one.more WHERE id = (
                SELECT id FROM provisioning_resourcecount WHERE connection_id = one.connection_id AND kind = TG_ARGV[0]
                ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
            );
            CONTINUE WHEN FOUND;
            INSERT INTO provisioning_resourcecount (connection_id, kind, total)
            SELECT one.connection_id, TG_ARGV[0], one.more WHERE TG_OP = 'INSERT' OR EXISTS (
                SELECT 1 FROM provisioning_resourcecount WHERE connection_id = one.connection_id AND kind = TG_ARGV[0]
            );
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
    INSERT INTO provisioning_resourcecount (connection_id, kind, total)
    SELECT connection_id, 'KIND', count(*) FROM TABLE_OF_KIND GROUP BY connection_id
    """,
)


def make_triggers(apps: object, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Count the resources there are, and create the triggers."""
    if _is_postgresql(schema_editor):
        schema_editor.execute(_FUNCTION, params=None)
        _execute(schema_editor, _ON_POSTGRESQL)
    else:
        _execute(schema_editor, _ON_SQLITE)
    _execute(schema_editor, _COUNT)


def drop_triggers(apps: object, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Drop the triggers. The counts stay."""
    if _is_postgresql(schema_editor):
        schema_editor.execute("DROP FUNCTION provisioning_count_resources CASCADE", params=None)
    else:
        _execute(schema_editor, ("DROP TRIGGER KIND_comes", "DROP TRIGGER KIND_goes"))


def _is_postgresql(schema_editor: BaseDatabaseSchemaEditor) -> bool:
    return schema_editor.connection.vendor == "postgresql"


def _execute(schema_editor: BaseDatabaseSchemaEditor, statements: Iterable[str]) -> None:
    """Run the statements for each kind of resource."""
    for kind, table in _TABLES.items():
        for sql in statements:
            schema_editor.execute(sql.replace("TABLE_OF_KIND", table).replace("KIND", kind), params=None)
