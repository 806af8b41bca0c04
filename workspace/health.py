"""The health of the installation: what each app checks, for operators. Every check takes a few short queries."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

# So many things of one kind are named; the rest is behind the link.
NAMED = 10


class State(StrEnum):
    """How bad something is, with the tone in which pages show it."""

    OK = "success"
    WARNING = "warning"
    PROBLEM = "danger"


@dataclass(frozen=True)
class Finding:
    """One thing that a check found, as a sentence, with the page or the words that say what to do."""

    state: State
    words: str
    what_to_do: str = ""
    url: str = ""


@dataclass(frozen=True)
class Checked:
    """A check with what it found. `facts` are names with values that are neither good nor bad."""

    name: str
    findings: list[Finding] = field(default_factory=list)
    facts: list[tuple[str, str]] = field(default_factory=list)

    @property
    def state(self) -> State:
        """Return the state of the worst finding."""
        return max((each.state for each in self.findings), key=list(State).index, default=State.OK)

    @property
    def word(self) -> str:
        return {State.OK: "OK", State.WARNING: "Look at it", State.PROBLEM: "Problem"}[self.state]


Check = Callable[[datetime], Checked]
_CHECKS: list[Check] = []


def health_check(check: Check) -> Check:
    """Register a check. The apps' `health.py` do so as they load."""
    _CHECKS.append(check)
    return check


def checked(now: datetime) -> list[Checked]:
    """Return what all checks find."""
    return [check(now) for check in _CHECKS]


def some(findings: Iterable[Finding], url: str) -> list[Finding]:
    """Return the first findings of one kind, and a link to all where there are more."""
    found = list(findings)
    more = [Finding(found[0].state, "There are more.", "See all", url)] if len(found) > NAMED else []
    return found[:NAMED] + more
