"""Checks that every message of an IdP must pass, responses and logout messages alike."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from saml2 import VERSION, SamlBase, saml

from authentication.saml.errors import SamlReason, SamlRefused
from authentication.saml.texts import Text
from authentication.saml.texts import Text as _
from authentication.saml.xml import strip_blanks

MAX_AGE = timedelta(hours=1)
MAX_NAME_ID = 1024
AHEAD, BEHIND = _("%(duration)s ahead of ours"), _("%(duration)s behind ours")
SAME = _("the same as ours")

_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|\+00:00)")


_UNITS = ((24 * 3600, "day"), (3600, "hour"), (60, "minute"))


@dataclass(frozen=True, slots=True)
class Clock:
    """Our time, and by how much an IdP's may differ from it."""

    now: datetime
    skew: timedelta

    def is_to_come(self, begin: datetime) -> bool:
        """Say whether a time has not come yet, even by a clock that is ahead of ours."""
        return begin > self.now + self.skew

    def is_over(self, end: datetime) -> bool:
        """Say whether a time has passed, even by a clock that is behind ours."""
        return end <= self.now - self.skew

    def is_too_old(self, issued: datetime) -> bool:
        """Say whether a message was issued over an hour ago: no browser takes an hour to come back."""
        return issued <= self.now - MAX_AGE

    def compared(self, issued_at: datetime) -> Text:
        """Return by how much an IdP's clock differs, as "12 seconds ahead of ours"; the way here counts too."""
        seconds = round((issued_at - self.now).total_seconds())
        size, unit = next((each for each in _UNITS if abs(seconds) >= 2 * each[0]), (1, "second"))
        number = round(abs(seconds) / size)
        duration = f"{number} {unit}{'' if number == 1 else 's'}"
        return Text(AHEAD if seconds > 0 else BEHIND, duration=duration) if number else SAME


def check_version(element: SamlBase) -> None:
    """Raise SamlRefused for another version of SAML."""
    if element.version != VERSION:
        raise SamlRefused(SamlReason.WRONG_VERSION)


def check_issuer(issuer: saml.Issuer, entity_id: str) -> None:
    """Raise SamlRefused for another IdP's message."""
    if issuer.format not in (None, saml.NAMEID_FORMAT_ENTITY) or strip_blanks(issuer.text) != entity_id:
        raise SamlRefused(SamlReason.WRONG_ISSUER)


def check_issue_instant(element: SamlBase, clock: Clock, *, expired: SamlReason = SamlReason.RESPONSE_EXPIRED) -> None:
    """Raise SamlRefused for what was issued in the future or over an hour ago.

    The hour counts even if the message says that it is valid for longer.
    """
    issued = instant_of(element.issue_instant)
    if clock.is_to_come(issued):
        raise SamlRefused(SamlReason.NOT_YET_VALID, "IssueInstant")
    if clock.is_too_old(issued):
        raise SamlRefused(expired, "IssueInstant")


def check_in_response_to(claimed: str | None, expected: str) -> None:
    """Raise SamlRefused for the answer to no request, or to another one."""
    if not claimed:
        raise SamlRefused(SamlReason.UNSOLICITED)
    if claimed != expected:
        raise SamlRefused(SamlReason.WRONG_REQUEST)


def is_usable_name_id(text: str) -> bool:
    """Say whether a NameID can be stored and has no blanks or control characters that make it look like another."""
    return 0 < len(text) <= MAX_NAME_ID and text == text.strip() and text.isprintable()


def time_of(value: str | None) -> datetime | None:
    """Return an xs:dateTime in UTC; None for anything else."""
    try:
        return instant_of(value)
    except SamlRefused:
        return None


def instant_of(value: str | None) -> datetime:
    """Return an xs:dateTime, which must be in UTC. Raises SamlRefused."""
    try:
        if value is not None and _INSTANT.fullmatch(value):
            return datetime.fromisoformat(value)
    except ValueError:
        pass
    raise SamlRefused(SamlReason.UNREADABLE_TIME)
