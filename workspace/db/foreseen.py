"""Previews: a change is made and rolled back, so its preview cannot differ from it."""

from collections.abc import Callable
from typing import TypeVar

from django.db import transaction

Result = TypeVar("Result")


def foreseen(change: Callable[[], Result]) -> Result:
    """Run a change, roll it back, and return its result. A refusal of the change is raised."""
    with transaction.atomic():
        result = change()
        transaction.set_rollback(True)
    return result
