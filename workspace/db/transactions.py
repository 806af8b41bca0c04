"""Transactions of changes, and the unique constraints that refuse a row."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import DEFAULT_DB_ALIAS, IntegrityError, connections, transaction
from django.db.models import Model, UniqueConstraint

Given = ParamSpec("Given")
Result = TypeVar("Result")

_is_whole: ContextVar[bool] = ContextVar("is_whole", default=False)


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
            yield
    finally:
        _is_whole.reset(before)


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
