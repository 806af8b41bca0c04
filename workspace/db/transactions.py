"""One transaction for a change, however many functions take part in it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import DEFAULT_DB_ALIAS, IntegrityError, connections, transaction
from django.db.models import Model, UniqueConstraint

Given = ParamSpec("Given")
Result = TypeVar("Result")

_is_whole: ContextVar[bool] = ContextVar("is_whole", default=False)


def atomic(function: Callable[Given, Result]) -> Callable[Given, Result]:
    """Make a function a transaction; within another one that is not whole, it is undone alone when it fails."""

    @wraps(function)
    def run(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        with transaction.atomic(savepoint=not _is_whole.get()):
            return function(*args, **kwargs)

    return run


@contextmanager
def whole() -> Iterator[None]:
    """A transaction that any failure ends, so that what is `atomic` in it needs no savepoints: half of the round trips.

    Who catches a failure in it and goes on needs `transaction.atomic()` around what can fail.
    """
    before = _is_whole.set(True)
    try:
        with transaction.atomic():
            yield
    finally:
        _is_whole.reset(before)


def save_unique(row: Model, conflict: Callable[[str], Exception], *, force_insert: bool = False) -> None:
    """Save a row; where a unique constraint refuses it, raise what `conflict` makes of the constraint's name.

    The database has broken the transaction off then: who goes on in it needs `transaction.atomic()` around this.
    """
    try:
        row.save(force_insert=force_insert)
    except IntegrityError as error:
        if not (constraint := violated(error, type(row))):
            raise
        raise conflict(constraint) from None


def violated(error: IntegrityError, model: type[Model]) -> str:
    """The name of the model's unique constraint that a row would have broken; empty when it was none of them."""
    if connections[DEFAULT_DB_ALIAS].vendor == "postgresql":
        return error.__cause__.diag.constraint_name or ""  # type: ignore[union-attr]
    columns = str(error).removeprefix("UNIQUE constraint failed: ").split(", ")
    for constraint in model._meta.constraints:
        if isinstance(constraint, UniqueConstraint) and columns == _columns(model, constraint):
            return constraint.name
    return ""


def _columns(model: type[Model], constraint: UniqueConstraint) -> list[str]:
    """As SQLite names them."""
    fields = [model._meta.get_field(name) for name in constraint.fields]
    return [f"{model._meta.db_table}.{field.column}" for field in fields]  # type: ignore[union-attr]
