"""How an action refuses: with a code for programs and a sentence that a person can act on."""

from collections.abc import Iterator
from contextlib import contextmanager


class ActionError(Exception):
    """A refusal of an action; nothing was changed.

    `code` names the reason for programs, `message` says what to do about it, `field` names the input it is about.
    """

    def __init__(self, code: str, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.field = code, message, field


class ConflictError(ActionError):
    """A refusal because a name, an address or an id is taken."""


@contextmanager
def restored_if_refused(row: object) -> Iterator[None]:
    """Leave an instance as it was before, where an action refuses after it has set fields."""
    before = dict(vars(row))
    try:
        yield
    except ActionError:
        vars(row).clear()
        vars(row).update(before)
        raise
