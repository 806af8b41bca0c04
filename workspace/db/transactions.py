"""Transactions of changes, and the unique constraints that refuse a row."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from typing import ParamSpec, TypeAlias, TypeVar

from django.db import DEFAULT_DB_ALIAS, DatabaseError, IntegrityError, connections, transaction
from django.db.models import Model, UniqueConstraint

from workspace.db.statement import Statement
from workspace.db.together import Write, write_together

Given = ParamSpec("Given")
Result = TypeVar("Result")

# Gets the columns that a write returns.
Told: TypeAlias = Callable[[tuple[object, ...]], None]

_FOREIGN_KEY = "23503"  # PostgreSQL's error code


@dataclass
class _Held:
    """What a whole transaction writes last. `depth` is the number of savepoints around it."""

    depth: int
    writes: list[Write] = field(default_factory=list)
    told: Told = lambda _: None

    def takes(self, writes: Sequence[Write]) -> bool:
        """Say whether nothing can undo these alone, and no row would be changed twice by one statement."""
        is_again = set(_updates(writes)) & set(_updates(self.writes))
        return not is_again and not any(connections[DEFAULT_DB_ALIAS].savepoint_ids[self.depth :])

    def write(self) -> None:
        if self.writes:
            self.told(_written(self.writes))


_is_whole: ContextVar[bool] = ContextVar("is_whole", default=False)
_held: ContextVar[_Held | None] = ContextVar("held", default=None)


def atomic(function: Callable[Given, Result]) -> Callable[Given, Result]:
    """Make a function a transaction. Inside another one it sets a savepoint, unless the outer one is `whole`."""

    @wraps(function)
    def run(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        with transaction.atomic(savepoint=not _is_whole.get()):
            return function(*args, **kwargs)

    return run


@contextmanager
def whole() -> Iterator[None]:
    """Open a transaction that fails or succeeds as one: `atomic` functions in it set no savepoints.

    Savepoints would double the round trips. To catch a failure inside and continue, put `transaction.atomic()` around
    what can fail.
    """
    before = _is_whole.set(True)
    try:
        with transaction.atomic():
            held = _Held(len(connections[DEFAULT_DB_ALIAS].savepoint_ids))
            held_before = _held.set(held)
            try:
                yield
            finally:
                _held.reset(held_before)
            held.write()
    finally:
        _is_whole.reset(before)


def write_last(*writes: Write, told: Told | None = None) -> None:
    """Write this at the end of a whole transaction, together with other such writes; anywhere else at once.

    So PostgreSQL is asked once for all, and rows are locked for as short as can be. Nothing may read it before.
    `told` gets the columns that the first of these returns. They are written before what is held already.
    """
    held = _held.get()
    if held is None or not held.takes(writes):
        (told or _Held.told)(_written(writes))
    elif told:
        held.writes[:0], held.told = writes, told
    else:
        held.writes += writes


def _written(writes: Sequence[Write]) -> tuple[object, ...]:
    """Write this, and return the columns that the first one returns. Raises DatabaseError where a row is gone."""
    row = write_together(writes)
    if row is None and any(not isinstance(each, tuple) or each[0].is_required for each in writes):
        raise DatabaseError("An update did not affect any rows: what it was to change is gone.")
    return row or ()


def _updates(writes: Sequence[Write]) -> list[Statement]:
    return [each[0] for each in writes if isinstance(each, tuple) and each[0].where]


def apart() -> AbstractContextManager[None]:
    """Inside a transaction, do what `atomic` does. Outside, do nothing: what follows is a transaction of its own."""
    if not connections[DEFAULT_DB_ALIAS].in_atomic_block:
        return nullcontext()
    return transaction.atomic(savepoint=not _is_whole.get())


def save_unique(row: Model, conflict: Callable[[str], Exception]) -> None:
    """Save a row. If a unique constraint refuses it, raise what `conflict` returns for the constraint's name."""
    with naming_conflicts(type(row), conflict):
        row.save()


@contextmanager
def naming_conflicts(model: type[Model], conflict: Callable[[str], Exception]) -> Iterator[None]:
    """If a unique constraint of the model refuses a row, raise what `conflict` returns for the constraint's name.

    The database has then aborted the transaction: to continue in it, put `transaction.atomic()` around the call.
    """
    try:
        yield
    except IntegrityError as error:
        if not (constraint := violated(error, model)):
            raise
        raise conflict(constraint) from None


def violated(error: IntegrityError, model: type[Model]) -> str:
    """Return the name of the model's unique constraint that refused a row; empty if it was another error."""
    if connections[DEFAULT_DB_ALIAS].vendor == "postgresql":
        # A statement may store rows of other models too.
        told = error.__cause__.diag  # type: ignore[union-attr]
        return told.constraint_name or "" if told.table_name == model._meta.db_table else ""
    columns = str(error).removeprefix("UNIQUE constraint failed: ").split(", ")
    for constraint in model._meta.constraints:
        if isinstance(constraint, UniqueConstraint):
            fields = [model._meta.get_field(name) for name in constraint.fields]
            if columns == [f"{model._meta.db_table}.{field.column}" for field in fields]:  # type: ignore[union-attr]
                return constraint.name
    return ""


def refers_to_nothing(error: Exception, model: type[Model]) -> bool:
    """Say whether a row of the model was refused because what it refers to is gone.

    SQLite does not say which row it was: let nothing store rows of other models too.
    """
    if connections[DEFAULT_DB_ALIAS].vendor == "postgresql":
        told = getattr(error.__cause__, "diag", None)
        named = told and (told.sqlstate, told.table_name)
        return named == (_FOREIGN_KEY, model._meta.db_table)
    return getattr(error.__cause__, "sqlite_errorname", "") == "SQLITE_CONSTRAINT_FOREIGNKEY"
