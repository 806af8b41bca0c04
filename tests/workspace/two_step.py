"""Two-step verification in tests: an account that has it, and the codes of its app."""

from datetime import datetime, timedelta

from django.utils import timezone

from workspace.actions.two_step import enable_two_step
from workspace.events import Actor
from workspace.models import User
from workspace.one_time_codes import SECONDS, code_at, new_key


def step_at(when: datetime) -> int:
    return int(when.timestamp()) // SECONDS


def code_of(key: str, when: datetime | None = None) -> str:
    """What the app shows."""
    return code_at(key, step_at(when or timezone.now()))


def with_two_step(user: User) -> tuple[str, list[str]]:
    """Turn two-step verification on some minutes ago, and return the key and the recovery codes."""
    key, before = new_key(), timezone.now() - timedelta(minutes=5)
    codes = enable_two_step(user=user, key=key, code=code_of(key, before), by=Actor.account(user), now=before)
    user.refresh_from_db()
    return key, codes
