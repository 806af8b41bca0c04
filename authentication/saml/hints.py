"""Attributes of an assertion that look like what is missing but have a name that is not read."""

import re
from collections.abc import Callable, Iterator

from authentication.saml.assertions import Claims
from authentication.saml.attributes import EMAIL, FIRST_NAME, GROUPS, LAST_NAME, NAME, AttributeNames, is_email

Values = tuple[str, ...]

MAX_TEXT = 200
_MOST = 3
_LIKE_GROUPS = re.compile(r"group|role|team|member|entitlement|department", re.IGNORECASE)


def unread_emails(claims: Claims, names: AttributeNames) -> str:
    """Return attributes with an email address that are not read as one, as "upn: ada@acme.example"; "" if none."""
    return _text(claims, _read(names.email, EMAIL), lambda _, values: any(is_email(value) for value in values))


def unread_groups(claims: Claims, names: AttributeNames) -> str:
    """Return attributes that may hold groups but are not read, as "Roles: dev, ops"; "" if there are none."""
    read = _read(names.groups, GROUPS) | _read(names.email, EMAIL) | _read(names.name, NAME + FIRST_NAME + LAST_NAME)
    return _text(claims, read, lambda name, values: len(values) > 1 or bool(_LIKE_GROUPS.search(name)))


def _read(chosen: str, usual: Values) -> set[str]:
    return {name.casefold() for name in ((chosen,) if chosen else usual)}


def _text(claims: Claims, read: set[str], fits: Callable[[str, Values], bool]) -> str:
    found = [f"{name}: {', '.join(values)}" for name, values in _unread(claims, read) if fits(name, values)]
    text = "; ".join(found[:_MOST])
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}…"


def _unread(claims: Claims, read: set[str]) -> Iterator[tuple[str, Values]]:
    for name, values in sorted(claims.attributes.items()):
        if values and name.casefold() not in read:
            yield name, values
