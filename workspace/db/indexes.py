"""Indexes that differ between the databases."""

from collections.abc import Sequence
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Statement
from django.db.models import Func, Index, Model
from django.db.models.sql.compiler import SQLCompiler


class SearchedIndex(Index):
    """An index of an order. On SQLite it also has the columns in which LIKE searches for a part of a text.

    SQLite then reads no rows but those it finds, which takes a tenth of the time. PostgreSQL reads all rows of a table
    about as fast, and refuses an index entry of more than 2,704 bytes.
    """

    def __init__(self, *, searched: Sequence[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.searched = list(searched)

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        path, arguments, kwargs = super().deconstruct()
        return path, arguments, kwargs | {"searched": self.searched}

    def create_sql(
        self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor, using: str = "", **kwargs: Any
    ) -> Statement:
        if schema_editor.connection.vendor != "sqlite":
            return super().create_sql(model, schema_editor, using, **kwargs)
        wide = Index(fields=[*self.fields, *self.searched], name=self.name)
        return wide.create_sql(model, schema_editor, using, **kwargs)


class Unindexed(Func):
    """A column in a condition for which SQLite shall use no index: without statistics it takes a worse one."""

    template = "%(expressions)s"

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="+%(expressions)s", **context)
