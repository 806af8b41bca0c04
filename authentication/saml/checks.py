"""Checks that every message of an IdP has to pass, whatever it is about."""

import re
from datetime import datetime, timedelta
from typing import Any

from saml2 import VERSION, saml, samlp

from authentication.saml.errors import SamlReason, SamlRefused

SKEW = timedelta(seconds=60)
MAX_AGE = timedelta(hours=1)
MAX_NAME_ID = 1024

STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
WHITE = " \t\r\n"
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|\+00:00)")
_STATUS_WORD = re.compile(rf"{STATUS}([A-Za-z]{{1,40}})")


def check_version(element: Any) -> None:
    """Refuse another version of SAML."""
    if element.version != VERSION:
        raise SamlRefused(SamlReason.WRONG_VERSION)


def check_issuer(issuer: Any, entity_id: str) -> None:
    """Refuse what another IdP issued."""
    if issuer.format not in (None, saml.NAMEID_FORMAT_ENTITY) or text_of(issuer) != entity_id:
        raise SamlRefused(SamlReason.WRONG_ISSUER)


def check_issue_instant(element: Any, now: datetime) -> None:
    """Refuse what was issued long ago, however long it says to be valid: nobody needs an hour to be redirected."""
    issued = instant_of(element.issue_instant)
    if issued > now + SKEW:
        raise SamlRefused(SamlReason.NOT_YET_VALID, "IssueInstant")
    if issued <= now - MAX_AGE:
        raise SamlRefused(SamlReason.RESPONSE_EXPIRED, "IssueInstant")


def check_in_response_to(claimed: str | None, expected: str) -> None:
    if not claimed:
        raise SamlRefused(SamlReason.UNSOLICITED)
    if claimed != expected:
        raise SamlRefused(SamlReason.WRONG_REQUEST)


def is_usable_name_id(text: str) -> bool:
    """Tell whether a NameID cannot pass for another one by its white space, or is too long to be kept."""
    return 0 < len(text) <= MAX_NAME_ID and text == text.strip() and text.isprintable()


def failure(response: Any) -> str:
    """Return the words that the SAML standard has for the status of a response; none for success."""
    code = response.status.status_code
    if code.value == samlp.STATUS_SUCCESS:
        return ""
    return " ".join([_status_word(code), *([_status_word(code.status_code)] if code.status_code else [])])


def text_of(element: Any) -> str:
    """Return the text of an element that holds a URI, for which XML Schema drops white space around it."""
    return (element.text or "").strip(WHITE)


def instant_of(value: str | None) -> datetime:
    """Return an xs:dateTime, which SAML wants in UTC; raise SamlRefused."""
    try:
        if value is not None and _INSTANT.fullmatch(value):
            return datetime.fromisoformat(value)
    except ValueError:
        pass
    raise SamlRefused(SamlReason.UNREADABLE_TIME)


def _status_word(code: Any) -> str:
    word = _STATUS_WORD.fullmatch(code.value or "")
    return word[1] if word else "other"
