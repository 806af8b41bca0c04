"""The URLs of an IdP that browsers are sent to."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from authentication.saml.metadata_text import MetadataError
from authentication.saml.xml import Element

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


def is_https_url(url: str) -> bool:
    """Say whether a browser may be sent to a URL: it is https, names a host, and has no user name and no blanks."""
    if len(url) > MAX_URL or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        return False


def sso_urls(idp: Element) -> tuple[str, str]:
    """Return the SSO URLs of an IDPSSODescriptor for Redirect and POST; one may be "". Raises MetadataError."""
    redirect, post = (
        next((_location(service) for service in _https_services(idp, "SingleSignOnService", binding)), "")
        for binding in (REDIRECT, POST)
    )
    if not (redirect or post):
        raise MetadataError(
            "The metadata has no https single sign-on URL for the HTTP-Redirect or HTTP-POST binding. "
            "Switch one of them on at your identity provider and export the metadata again."
        )
    return redirect, post


def single_logout(idp: Element) -> SingleLogout:
    """Return the first https endpoint of an IDPSSODescriptor that browsers can use.

    Redirect comes before POST, because a POST without JavaScript needs a click.
    """
    for kind, binding in (("redirect", REDIRECT), ("post", POST)):
        for service in _https_services(idp, "SingleLogoutService", binding):
            response_url = service.get("ResponseLocation", "").strip()
            return SingleLogout(_location(service), kind, response_url if is_https_url(response_url) else "")
    return SingleLogout()


def _https_services(idp: Element, name: str, binding: str) -> list[Element]:
    services = [service for service in idp.findall(f"{MD}{name}") if service.get("Binding") == binding]
    return [service for service in services if is_https_url(_location(service))]


def _location(service: Element) -> str:
    return service.get("Location", "").strip()
