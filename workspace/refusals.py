"""The refusal of an action: a code for programs and a sentence that a person can act on."""

from collections.abc import Iterator
from contextlib import contextmanager

from workspace.words import Text


class ActionError(Exception):
    """A refusal of an action. Nothing was changed.

    `code` names the reason for programs, `message` says what to do about it, `field` names the input that is at fault.
    """

    def __init__(self, code: str, message: Text, *, field: str | None = None) -> None:
        super().__init__(str(message))
        self.code, self.message, self.field = code, str(message), field


class ConflictError(ActionError):
    """A refusal because a name, an address or an id is taken."""


@contextmanager
def restored_if_refused(row: object) -> Iterator[None]:
    """Restore the fields of a row when an action refuses after it has set some."""
    before = dict(vars(row))
    try:
        yield
    except ActionError:
        vars(row).clear()
        vars(row).update(before)
        raise
