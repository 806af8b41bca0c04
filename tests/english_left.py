"""Texts of a page that are English in its German version."""

import re
from functools import cache
from html.parser import HTMLParser

from tests.catalogue import entries

_WORD = re.compile(r"[A-Za-z]{3,}")
_ATTRIBUTES = {"aria-label", "title", "placeholder", "alt"}
_NOT_READ = {"script", "style", "code", "kbd", "pre", "bdi", "time", "textarea"}
# Values, not language: addresses, URLs, ids, dates, files.
_VALUE = re.compile(r"\S*[@/:_\d#]\S*")
# What people and things of the fixture are called.
_DATA = set(
    _WORD.findall("""
    Acme DEV TEST PROD Ada Winter Bo Lund Mia Example Support Engineering IdP acme Cy Moor Mapped Everyone mail
    Taken over Break glass Import Key Okta Dev RSA idp example service provider testserver English Deutsch Name
    GET PUT POST PATCH DELETE HTTP Redirect Users people csv png Microsoft Entra Google Workspace JumpCloud Keycloak
    OneLogin PingOne AuthnRequests RelayState NameIDs active displayName emails type work home other value name
    formatted nickName userName Applications Create App Integration Configure SAML Audience URI URL Entity Single sign
    user externalId com
    """)
)


class _Texts(HTMLParser):
    """What a page says: its texts and the attributes that are read."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _NOT_READ:
            self._inside.append(tag)
        self.found |= {" ".join(value.split()) for name, value in attrs if name in _ATTRIBUTES and value}

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self.found.add(" ".join(data.split()))


def texts_of(page: str) -> set[str]:
    texts = _Texts()
    texts.feed(page)
    return texts.found


@cache
def _allowed() -> set[str]:
    """Return the words that are the same in both languages, and those of the fixture."""
    both = [(text, entry) for entry in entries() for text in entry.translations.values()]
    same = {text for text, entry in both if text in (entry.text, entry.plural)}
    return {word for text in same for word in _WORD.findall(text)} | _DATA


def english_left(english: set[str], german: set[str]) -> list[str]:
    """Return the texts of a page in German that it has in English too."""
    return [text for text in english & german if not set(_WORD.findall(_VALUE.sub("", text))) <= _allowed()]
