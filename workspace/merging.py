"""How two end users become one. Each app registers what happens to its own rows of the person who goes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import models

from workspace.models import EndUser, Workspace


@dataclass(frozen=True)
class Merge:
    """Two people of a workspace, locked: what the one who goes has becomes that of the one who stays."""

    stays: EndUser
    goes: EndUser
    now: datetime


@dataclass(frozen=True)
class Fact:
    """A line of the confirmation page."""

    label: str
    value: str
    hint: str = ""


@dataclass
class Moved:
    """What became of rows: for the confirmation page, and for the event with the things that it concerns."""

    facts: list[Fact] = field(default_factory=list)
    before: dict[str, object] = field(default_factory=dict)
    after: dict[str, object] = field(default_factory=dict)
    concerns: list[models.Model] = field(default_factory=list)


Move = Callable[[Merge], Moved]
Lock = Callable[[Workspace], None]
# Functions that move rows, each with the attributes of `EndUser` by which it finds them.
MOVES: dict[Move, tuple[str, ...]] = {}
_locks: list[Lock] = []


def moves(*relations: str) -> Callable[[Move], Move]:
    """Register a function that moves rows. `relations` are the attributes of `EndUser` by which it finds them."""

    def register(move: Move) -> Move:
        MOVES[move] = relations
        return move

    return register


def locks_before_merge(lock: Lock) -> Lock:
    """Register a function that takes the locks that come before those of people."""
    _locks.append(lock)
    return lock


def lock_all(workspace: Workspace) -> None:
    """Take the locks that come before those of people."""
    for lock in _locks:
        lock(workspace)


def move_all(merge: Merge) -> list[Moved]:
    """Move all rows of the person who goes, and return what became of them by app, the lowest first.

    The highest app moves first: what it counts may depend on rows below. Raises ActionError where an app refuses.
    """
    return [move(merge) for move in reversed(MOVES)][::-1]
