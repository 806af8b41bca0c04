"""What a change would do: it is done and rolled back, so that the answer is that of the change itself."""

from collections.abc import Callable
from typing import TypeVar

from django.db import transaction

Result = TypeVar("Result")


def foreseen(change: Callable[[], Result]) -> Result:
    """Return what a change returns, with nothing changed in the database. A refusal of the change is raised."""
    with transaction.atomic():
        result = change()
        transaction.set_rollback(True)
    return result
