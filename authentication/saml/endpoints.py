"""The URLs of an IdP that browsers are sent to."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from authentication.saml.metadata_text import MetadataError
from authentication.saml.texts import Text as _
from authentication.saml.xml import Element
from workspace.loopback import may_use_http

MAX_URL = 2000

MD = "{urn:oasis:names:tc:SAML:2.0:metadata}"
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"


@dataclass(frozen=True, slots=True)
class SingleLogout:
    """Where an IdP takes logout messages. All fields are empty if it takes none.

    binding is "redirect" or "post". response_url is set if responses have a URL of their own.
    """

    url: str = ""
    binding: str = ""
    response_url: str = ""


def is_browser_url(url: str, *, origin: str) -> bool:
    """Say whether a browser may be sent to a URL: it is https, names a host, and has no user name and no blanks.

    An installation whose `origin` is http on this machine also accepts http on this machine.
    """
    if len(url) > MAX_URL or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        is_safe = parts.scheme == "https" or may_use_http(url, origin=origin)
        return is_safe and bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        return False


def sso_urls(idp: Element, *, origin: str) -> tuple[str, str]:
    """Return the SSO URLs of an IDPSSODescriptor for Redirect and POST; one may be "". Raises MetadataError."""
    redirect, post = (
        next((_location(service) for service in _services(idp, "SingleSignOnService", binding, origin)), "")
        for binding in (REDIRECT, POST)
    )
    if not (redirect or post):
        raise MetadataError(
            _(
                "The metadata has no https single sign-on URL for the HTTP-Redirect or HTTP-POST binding. "
                "Switch one of them on at your identity provider and export the metadata again."
            )
        )
    return redirect, post


def single_logout(idp: Element, *, origin: str) -> SingleLogout:
    """Return the first usable endpoint of an IDPSSODescriptor that browsers can use.

    Redirect comes before POST, because a POST without JavaScript needs a click.
    """
    for kind, binding in (("redirect", REDIRECT), ("post", POST)):
        for service in _services(idp, "SingleLogoutService", binding, origin):
            response_url = service.get("ResponseLocation", "").strip()
            is_usable = is_browser_url(response_url, origin=origin)
            return SingleLogout(_location(service), kind, response_url if is_usable else "")
    return SingleLogout()


def _services(idp: Element, name: str, binding: str, origin: str) -> list[Element]:
    """Return the services of that name and binding whose URL can be used."""
    services = [service for service in idp.findall(f"{MD}{name}") if service.get("Binding") == binding]
    return [service for service in services if is_browser_url(_location(service), origin=origin)]


def _location(service: Element) -> str:
    return service.get("Location", "").strip()
