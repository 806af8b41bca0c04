"""Where a request came from."""

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TypedDict

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext, gettext_noop

from workspace.tokens import digest_of
from workspace.words import Spoken

# Marks of browsers in a User-Agent. The first match wins: Edge also calls itself Chrome, and Chrome Safari.
_BROWSERS = {"Edg": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
_SYSTEMS = {"iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows", "Mac OS": "macOS"}
_SYSTEMS |= {"CrOS": "ChromeOS", "Linux": "Linux"}


class VisitFields(TypedDict):
    """A visit as model fields."""

    address: str | None
    user_agent: str


@dataclass(frozen=True)
class Visit:
    """What is known of the browser behind a request."""

    address: str | None = None
    user_agent: str = ""
    request_id: str = ""
    session: str = ""

    @classmethod
    def of(cls, request: HttpRequest) -> "Visit":
        agent = request.headers.get("User-Agent", "")[:300]
        return cls(client_address(request), agent, getattr(request, "request_id", ""), session_name(request))

    @property
    def network(self) -> str:
        """Return what one client can choose addresses from: its IPv4 address, or its IPv6 network of 64 bits."""
        if self.address is None:
            return ""
        address = ip_address(self.address)
        if not isinstance(address, IPv6Address):
            return self.address
        return str(address.ipv4_mapped or ip_network((int(address), 64), strict=False))

    def fields(self) -> VisitFields:
        """Return it as model fields."""
        return {"address": self.address, "user_agent": self.user_agent}


def browser_of(user_agent: str) -> Spoken:
    """Return the browser in words, as "Firefox on Windows"."""
    browser, system = _first(_BROWSERS, user_agent), _first(_SYSTEMS, user_agent)
    return Spoken.of(lambda: browser_in_words(browser or gettext_noop("Unknown browser"), system), "browser", "")


def browser_in_words(browser: str, system: str = "") -> str:
    """Return the names of a browser and its system in words, as "Firefox on Windows"."""
    name = gettext(browser)
    return gettext("%(browser)s on %(system)s") % {"browser": name, "system": system} if system else name


def _first(marks: dict[str, str], text: str) -> str:
    return next((name for mark, name in marks.items() if mark in text), "")


NOWHERE = Visit()


def session_name(request: HttpRequest) -> str:
    """Return what tells console sessions apart and opens none of them; empty without a session."""
    session = getattr(request, "session", None)
    return digest_of(session.session_key)[:16] if session and session.session_key else ""


def client_address(request: HttpRequest) -> str | None:
    """Return the IP address of the client without its zone; None behind a socket file, where no address is known.

    Of `X-Forwarded-For` only what our own proxies added counts: the last address that is none of theirs.
    """
    address = request.META.get("REMOTE_ADDR", "")
    if settings.TRUSTED_PROXIES:
        hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        while hops and is_trusted(address) and _without_zone(hop := hops.pop().strip()):
            address = hop
    return _without_zone(address)


@lru_cache(maxsize=1000)
def is_trusted(address: str) -> bool:
    """Say whether this is the address of a proxy of ours."""
    known = _without_zone(address)
    return known is not None and any(ip_address(known) in network for network in settings.TRUSTED_PROXIES)


@lru_cache(maxsize=1000)
def _without_zone(address: str) -> str | None:
    try:
        return str(ip_address(address.partition("%")[0]))
    except ValueError:
        return None
