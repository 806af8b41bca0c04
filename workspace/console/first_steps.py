"""Get started: the steps that set an environment up. The apps above register theirs as they load."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from workspace.console.navigation import page_url
from workspace.console.permissions import Permission, may
from workspace.models import Administrator, Environment


@dataclass(frozen=True)
class Progress:
    """Whether a step is done in an environment, and the page where it is done."""

    is_done: bool
    url: str


# Looks at an environment by one query.
Look = Callable[[Environment], Progress]


@dataclass(frozen=True)
class Step:
    """A step as the page names it: its place in the order, its words, and who may take it."""

    place: int
    title: Promise
    text: Promise
    action: Promise
    needs: Permission


@dataclass(frozen=True)
class ShownStep:
    """A step in an environment. Its `url` is empty for those who may not take it."""

    step: Step
    is_done: bool
    is_next: bool
    url: str


_steps: list[tuple[Step, Look]] = []


def first_step(step: Step) -> Callable[[Look], Look]:
    """Register a function that looks how far an environment is with a step."""

    def register(look: Look) -> Look:
        _steps.append((step, look))
        return look

    return register


def first_steps(environment: Environment, administrator: Administrator) -> list[ShownStep]:
    """Return the steps in their order. The first that is not done comes next."""
    found = [(step, look(environment)) for step, look in sorted(_steps, key=lambda each: each[0].place)]
    following = next((step for step, progress in found if not progress.is_done), None)
    return [
        ShownStep(step, progress.is_done, step is following, progress.url if may(administrator, step.needs) else "")
        for step, progress in found
    ]


def count_done(steps: Iterable[ShownStep]) -> int:
    """Return how many steps are done."""
    return sum(each.is_done for each in steps)


@first_step(
    Step(
        place=5,
        title=_("Add the first person"),
        text=_("End users sign in to the applications of this environment. Add one by hand, or let a provider do it."),
        action=_("Add end user"),
        needs=Permission.MANAGE_PEOPLE,
    )
)
def _first_person(environment: Environment) -> Progress:
    return Progress(environment.accesses.exists(), page_url("workspace:end-user-add", environment))
