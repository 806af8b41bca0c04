"""Rows that are copied from those that the application wrote: the copies have whatever columns its tables have.

Works on the driver's own connection (psycopg or sqlite3), without Django: it is also what bare SQL costs.
"""

# ruff: noqa: S608 -- what is put into SQL are names of our own tables and columns

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from workspace.db.keys import new_id

# What stands in the application's rows where a copy has its number.
PLACE = "template"
_TIMES = {"at", "created_at", "updated_at"}
_FIRST = datetime(2026, 1, 1, tzinfo=UTC)
_LONGEST_NUMBER = 20


class Database:
    """A connection with a PostgreSQL (a URL) or an SQLite (a file)."""

    def __init__(self, address: str) -> None:
        self.is_postgresql = "://" in address
        if self.is_postgresql:
            import psycopg  # not at the top: a server with SQLite refuses it at its start

            self.connection: Any = psycopg.connect(address)
        else:
            self.connection = sqlite3.connect(address, timeout=20, isolation_level=None)
            self.connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;")

    def run(self, sql: str, *values: Any) -> Any:
        """A cursor of the statement, whose parameters are written as %s."""
        if not values:
            return self.connection.execute(sql)  # in which % is itself
        return self.connection.execute(sql if self.is_postgresql else sql.replace("%s", "?"), values)

    def begin(self) -> None:
        """Psycopg begins by itself."""
        if not self.is_postgresql:
            self.connection.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self.connection.commit()

    def id(self, pk: str | UUID) -> str:
        """A UUID as the database takes it."""
        return str(pk) if self.is_postgresql else str(pk).replace("-", "")

    def time(self, number: int) -> str:
        """A moment for a row of that number, later than those of lower ones."""
        moment = _FIRST + timedelta(milliseconds=number)
        return f"{moment:%Y-%m-%d %H:%M:%S.%f}{'+00' if self.is_postgresql else ''}"

    def insert(self, template: "Template", rows: Iterable[list[Any]]) -> None:
        """Many rows at once."""
        with closing(self.connection.cursor()) as cursor:
            if not self.is_postgresql:
                cursor.executemany(template.insertion.replace("%s", "?"), rows)
                return
            with cursor.copy(f"COPY {template.table} ({template.names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)

    def hurry(self) -> None:
        """Write much in little time on SQLite, while nobody else is there: a crash may lose everything."""
        if not self.is_postgresql:
            self.connection.executescript(
                "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-1000000;"
            )

    def vacuum(self) -> None:
        """Settle what came, on PostgreSQL."""
        self.commit()
        if self.is_postgresql:
            self.connection.autocommit = True
            settle(self.connection.execute)
            self.connection.autocommit = False


def settle(run: Callable[[str], object]) -> None:
    """Do what PostgreSQL does by itself in the minutes after so many rows came. SQLite never does.

    `run` runs a statement outside of transactions. VACUUM marks a page as visible to all, so that an index alone
    answers for it, only if the commit of its rows has been flushed. With this setting ANALYZE flushes all commits.
    """
    for statement in ("SET synchronous_commit = on", "ANALYZE", "VACUUM", "RESET synchronous_commit"):
        run(statement)


@dataclass(frozen=True)
class Template:
    """A row whose texts have %(marks)s."""

    table: str
    columns: list[str]
    values: list[Any]
    # How many copies get such a row; all of them, if it is not said.
    most: int | None = None

    @classmethod
    def of(cls, database: Database, table: str, condition: str = "1 = 1", order: str = "") -> "Template":
        """The first row that meets the condition in that order, without an id that the database counts by itself."""
        columns = [column[0] for column in database.run(f"SELECT * FROM {table} LIMIT 0").description]
        cast = "::text" if database.is_postgresql else ""
        wanted = ", ".join(f'"{name}"{cast}' for name in columns)
        # By the table's column: the selected text of the same name would put 9 above 10.
        newest = f"ORDER BY {order or f'{table}.id DESC'} LIMIT 1"
        found = database.run(f"SELECT {wanted} FROM {table} WHERE {condition} {newest}").fetchone()
        if found is None:
            raise LookupError(f"{table} has no row to copy where {condition}.")
        row = dict(zip(columns, map(_escaped, found), strict=True))
        row |= dict.fromkeys(_TIMES & row.keys(), "%(at)s")
        if len(str(row["id"])) <= _LONGEST_NUMBER:
            del row["id"]
        return cls(table, list(row), list(row.values())).marked(PLACE, "number")

    @property
    def id(self) -> str:
        """The row's UUID, or nothing."""
        return dict(zip(self.columns, self.values, strict=True)).get("id", "")

    @property
    def names(self) -> str:
        return ", ".join(f'"{name}"' for name in self.columns)

    @property
    def insertion(self) -> str:
        return f"INSERT INTO {self.table} ({self.names}) VALUES ({', '.join(['%s'] * len(self.columns))})"

    def marked(self, text: str, name: str) -> "Template":
        """With a mark wherever the text stands."""
        return replace(
            self,
            values=[value.replace(text, f"%({name})s") if isinstance(value, str) else value for value in self.values],
        )

    def of_first(self, copies: int) -> "Template":
        """The row for that many copies only."""
        return replace(self, most=copies)

    def filled(self, marks: dict[str, Any], **changes: Any) -> list[Any]:
        """A copy: with these in place of its marks, and some columns of its own."""
        row = [value % marks if isinstance(value, str) and "%" in value else value for value in self.values]
        for column, value in changes.items():
            row[self.columns.index(column)] = value
        return row


class Family:
    """The rows that the application wrote for one thing, in several tables, copied together: they name each other."""

    def __init__(self, database: Database, templates: list[Template]) -> None:
        self.database = database
        self.keys = [template.table for template in templates if template.id]
        for owner in [template for template in templates if template.id]:
            pk = UUID(owner.id)
            for text, mark in ((str(pk), owner.table), (pk.hex, f"{owner.table}.hex")):
                templates = [template.marked(text, mark) for template in templates]
        self.templates = templates

    def marks(self, number: int, text: str = "") -> dict[str, Any]:
        """What the copy of that number has in place of the marks: new ids above all."""
        marks: dict[str, Any] = {"n": number, "number": text or f"{number:07d}", "at": self.database.time(number)}
        for table in self.keys:
            pk = new_id()
            marks[table], marks[f"{table}.hex"] = str(pk), pk.hex
        return marks

    def copy(self, copies: list[dict[str, Any]]) -> None:
        """Write these copies, table by table."""
        self.database.begin()
        for template in self.templates:
            wanted = copies if template.most is None else [marks for marks in copies if marks["n"] < template.most]
            if wanted:
                self.database.insert(template, map(template.filled, wanted))
        self.database.commit()


def _escaped(value: Any) -> Any:
    return value.replace("%", "%%") if isinstance(value, str) else value
