"""Reads an IdP's SAML metadata strictly: one document shape in, one IdP with its pinned certificates out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import urlsplit

from lxml import etree

from .certificates import (
    PRIVATE_KEY,
    Certificate,
    CertificateError,
    contains_private_key,
    distinct,
    parse_base64,
)

MAX_BYTES = 1_000_000
MAX_ENTITY_ID = 1024  # SAML core, 8.3.6
MAX_URL = 2000

MD = "{urn:oasis:names:tc:SAML:2.0:metadata}"
DS = "{http://www.w3.org/2000/09/xmldsig#}"
PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"

ASK_AGAIN = "Download the identity provider's metadata XML again and upload that file unchanged."

_ENCODING = re.compile(r"""<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)["']""")
_HTML = re.compile(r"<!doctype\s+html|<html[\s>]", re.IGNORECASE)
_DTD = re.compile(r"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_UNPRINTABLE = re.compile(r"[\s\x00-\x1f\x7f]")


class MetadataError(Exception):
    """Says what is wrong with metadata and what to do about it."""


@dataclass(frozen=True, slots=True)
class SingleLogout:
    """Where an IdP takes logout messages, by which binding; responses may have a URL of their own. Empty: nowhere."""

    url: str = ""
    binding: str = ""  # "redirect" or "post"
    response_url: str = ""


@dataclass(frozen=True, slots=True)
class IdpMetadata:
    """One identity provider: URLs are https or "", one SSO URL and one certificate at least, times UTC."""

    entity_id: str
    sso_redirect_url: str
    sso_post_url: str
    slo: SingleLogout
    certificates: tuple[Certificate, ...]
    name_id_formats: tuple[str, ...]
    wants_authn_requests_signed: bool
    valid_until: datetime | None

    @property
    def sso_url(self) -> str:
        return self.sso_redirect_url or self.sso_post_url

    @property
    def sso_binding(self) -> Literal["redirect", "post"]:
        return "redirect" if self.sso_redirect_url else "post"


def parse_idp_metadata(xml: bytes, *, now: datetime) -> IdpMetadata:
    """Return the only IdP of a metadata document, as it arrived from outside; raise MetadataError."""
    root = _parse(_checked_text(xml))
    entity = _only_idp_entity(root)
    idp = _only_descriptor(entity)
    sso_redirect_url, sso_post_url = _sso_urls(idp)
    return IdpMetadata(
        entity_id=_entity_id(entity),
        sso_redirect_url=sso_redirect_url,
        sso_post_url=sso_post_url,
        slo=_single_logout(idp),
        certificates=_signing_certificates(idp),
        name_id_formats=tuple(_texts(idp, f"{MD}NameIDFormat")),
        wants_authn_requests_signed=idp.get("WantAuthnRequestsSigned") in ("true", "1"),
        valid_until=_valid_until((root, entity, idp), now),
    )


def _checked_text(xml: bytes) -> str:
    """Return the text of metadata bytes that may be handed to the XML parser; raise MetadataError."""
    if len(xml) > MAX_BYTES:
        raise MetadataError(
            "The metadata is larger than 1 MB. "
            "Upload the metadata of your identity provider alone, not of a federation."
        )
    try:
        text = xml.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise MetadataError("The metadata is not UTF-8 text. Save the file as UTF-8 and upload it again.") from None
    _refuse_other_kinds(text)
    _refuse_unsafe_xml(text)
    return text


def _refuse_other_kinds(text: str) -> None:
    """Raise MetadataError with its own sentence for what people paste by mistake."""
    if not text:
        raise MetadataError("The metadata is empty. Upload or paste the identity provider's metadata XML.")
    if contains_private_key(text):
        raise MetadataError(PRIVATE_KEY)
    if text.startswith(("{", "[")):
        raise MetadataError("This is JSON, not SAML metadata. Choose the SAML 2.0 metadata XML, not OpenID Connect.")
    if text.startswith("https://"):
        raise MetadataError(
            "This is a URL, not metadata XML. Enter it as Metadata URL, or open it and paste what it shows."
        )
    if _HTML.search(text):
        raise MetadataError(
            "This is a web page, not metadata XML. Perhaps the page asks to sign in: "
            "open it in your browser, download the metadata XML there and upload the file."
        )
    if not text.startswith("<"):
        raise MetadataError(f"This is not XML. {ASK_AGAIN}")


def _refuse_unsafe_xml(text: str) -> None:
    """Raise MetadataError for a DTD, or an encoding that could make the parser read other text than this."""
    if _DTD.search(text):
        raise MetadataError(f"The metadata has a DOCTYPE or ENTITY declaration, which is not accepted. {ASK_AGAIN}")
    declared = _ENCODING.match(text)
    if declared and declared[1].lower() != "utf-8":
        raise MetadataError(
            "The metadata declares an encoding other than UTF-8. Save the file as UTF-8 and upload it again."
        )


def _parse(text: str) -> etree._Element:
    """Return the root of checked text; raise MetadataError."""
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        raise MetadataError(f"The XML is damaged or incomplete, at line {error.lineno}. {ASK_AGAIN}") from None


def _only_idp_entity(root: etree._Element) -> etree._Element:
    """Return the EntityDescriptor that describes an IdP; raise MetadataError for none or several."""
    if root.tag not in (f"{MD}EntityDescriptor", f"{MD}EntitiesDescriptor"):
        raise MetadataError(f"This XML is not SAML 2.0 metadata: it does not begin with EntityDescriptor. {ASK_AGAIN}")
    entities = [
        entity for entity in root.iter(f"{MD}EntityDescriptor") if entity.find(f"{MD}IDPSSODescriptor") is not None
    ]
    if len(entities) > 1:
        raise MetadataError(
            f"The metadata describes {len(entities)} identity providers. Upload the metadata of the one to set up."
        )
    if not entities:
        raise MetadataError(_explain_no_idp(root))
    return entities[0]


def _explain_no_idp(root: etree._Element) -> str:
    if next(root.iter(f"{MD}SPSSODescriptor"), None) is None:
        return f"The metadata describes no SAML identity provider (no IDPSSODescriptor). {ASK_AGAIN}"
    return (
        "This is the metadata of a service provider, perhaps our own. "
        "Upload the metadata of your identity provider, which you find in its SAML application."
    )


def _only_descriptor(entity: etree._Element) -> etree._Element:
    """Return the one IDPSSODescriptor, which must speak SAML 2.0; raise MetadataError."""
    descriptors = entity.findall(f"{MD}IDPSSODescriptor")
    if len(descriptors) > 1:
        raise MetadataError(
            f"The metadata has {len(descriptors)} IDPSSODescriptor elements, not exactly one. {ASK_AGAIN}"
        )
    if PROTOCOL not in descriptors[0].get("protocolSupportEnumeration", "").split():
        raise MetadataError("This identity provider does not offer SAML 2.0. Choose SAML 2.0 in it and export again.")
    return descriptors[0]


def _entity_id(entity: etree._Element) -> str:
    value = entity.get("entityID", "")
    if not value or len(value) > MAX_ENTITY_ID or _UNPRINTABLE.search(value):
        raise MetadataError(
            f"The entity ID (issuer) is missing, has spaces, or is longer than {MAX_ENTITY_ID} characters. {ASK_AGAIN}"
        )
    return value


def _sso_urls(idp: etree._Element) -> tuple[str, str]:
    """Return the https SSO URLs for Redirect and POST, one may be ""; raise MetadataError for none."""
    redirect = next(map(_location, _https_services(idp, "SingleSignOnService", REDIRECT)), "")
    post = next(map(_location, _https_services(idp, "SingleSignOnService", POST)), "")
    if not (redirect or post):
        raise MetadataError(
            "The metadata has no https single sign-on URL for the HTTP-Redirect or HTTP-POST binding. "
            "Switch one of them on at your identity provider and export the metadata again."
        )
    return redirect, post


def _single_logout(idp: etree._Element) -> SingleLogout:
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
    if len(url) > MAX_URL or _UNPRINTABLE.search(url):
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        return False


def _signing_certificates(idp: etree._Element) -> tuple[Certificate, ...]:
    """Return the certificates of keys not marked for encryption only, 1 to 10; raise MetadataError."""
    keys = [key for key in idp.findall(f"{MD}KeyDescriptor") if key.get("use", "signing") == "signing"]
    path = f"{DS}KeyInfo/{DS}X509Data/{DS}X509Certificate"
    try:
        certificates = distinct(parse_base64(body) for key in keys for body in _texts(key, path))
    except CertificateError as error:
        raise MetadataError(f"A signing certificate in the metadata cannot be used. {error}") from None
    if not certificates:
        raise MetadataError(
            "The metadata has no signing certificate. "
            "Create or activate one at your identity provider and export the metadata again."
        )
    return certificates


def _texts(parent: etree._Element, path: str) -> list[str]:
    """Return the non-empty texts of the elements at path."""
    return [text for element in parent.findall(path) if (text := (element.text or "").strip())]


def _valid_until(elements: tuple[etree._Element, ...], now: datetime) -> datetime | None:
    """Return the earliest validUntil of the given elements; raise MetadataError when it has passed."""
    times = [_time(value) for element in elements if (value := element.get("validUntil"))]
    valid_until = min(times, default=None)
    if valid_until and valid_until <= now:
        raise MetadataError(
            f"The metadata was valid until {valid_until:%Y-%m-%d} only. "
            "Download the current metadata from your identity provider."
        )
    return valid_until


def _time(value: str) -> datetime:
    """Return an xs:dateTime as UTC; one without a zone is UTC by SAML core 1.3.3."""
    try:
        time = datetime.fromisoformat(value.strip())
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        raise MetadataError(f"The validUntil of the metadata is not a date. {ASK_AGAIN}") from None
