"""The URLs of an IdP, which browsers are sent to."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from lxml import etree

from authentication.saml.metadata_text import MetadataError

MAX_URL = 2000

MD = "{urn:oasis:names:tc:SAML:2.0:metadata}"
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"

UNPRINTABLE = re.compile(r"[\s\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class SingleLogout:
    """Where an IdP takes logout messages, by which binding; responses may have a URL of their own. Empty: nowhere."""

    url: str = ""
    binding: str = ""  # "redirect" or "post"
    response_url: str = ""


def sso_urls(idp: etree._Element) -> tuple[str, str]:
    """Return the https SSO URLs for Redirect and POST, one may be ""; raise MetadataError for none."""
    redirect = next(map(_location, _https_services(idp, "SingleSignOnService", REDIRECT)), "")
    post = next(map(_location, _https_services(idp, "SingleSignOnService", POST)), "")
    if not (redirect or post):
        raise MetadataError(
            "The metadata has no https single sign-on URL for the HTTP-Redirect or HTTP-POST binding. "
            "Switch one of them on at your identity provider and export the metadata again."
        )
    return redirect, post


def single_logout(idp: etree._Element) -> SingleLogout:
    """Return the first https endpoint that a browser reaches; by redirect if there is one, as that needs no click."""
    for kind, binding in (("redirect", REDIRECT), ("post", POST)):
        for element in _https_services(idp, "SingleLogoutService", binding):
            answers = element.get("ResponseLocation", "").strip()
            return SingleLogout(_location(element), kind, answers if _is_https(answers) else "")
    return SingleLogout()


def _https_services(idp: etree._Element, service: str, binding: str) -> Iterator[etree._Element]:
    for element in idp.findall(f"{MD}{service}"):
        if element.get("Binding") == binding and _is_https(_location(element)):
            yield element


def _location(element: etree._Element) -> str:
    return element.get("Location", "").strip()


def _is_https(url: str) -> bool:
    """Tell whether a browser may be sent to this URL."""
    if len(url) > MAX_URL or UNPRINTABLE.search(url):
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        return False
