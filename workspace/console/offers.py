"""What an end user's page offers as the next step. The apps above register their offers as they load."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from workspace.models import EndUser, Environment


@dataclass(frozen=True)
class Offer:
    """A sentence, and the button of a POST."""

    text: str
    label: str
    url: str


FindOffer = Callable[[EndUser, Environment, datetime], Offer | None]
_finders: list[FindOffer] = []


def offers_next_step(find: FindOffer) -> FindOffer:
    """Register a function that returns an offer for a person in an environment."""
    _finders.append(find)
    return find


def offers(end_user: EndUser, environment: Environment, now: datetime) -> list[Offer]:
    """Return what is offered for a person in an environment."""
    return [offer for find in _finders if (offer := find(end_user, environment, now))]
