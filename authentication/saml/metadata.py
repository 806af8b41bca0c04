"""Read an IdP's SAML metadata strictly: the document must describe exactly one IdP."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from authentication.saml.certificates import Certificate, CertificateError, Found, usable
from authentication.saml.endpoints import MD, SingleLogout, single_logout, sso_urls
from authentication.saml.metadata_text import ASK_AGAIN, MetadataError, read_document
from authentication.saml.texts import Text
from authentication.saml.texts import Text as _
from authentication.saml.xml import NAMESPACES, Element

MAX_ENTITY_ID = 1024  # SAML core, 8.3.6

X509_CERTIFICATE = "/".join(f"{{{NAMESPACES['ds']}}}{name}" for name in ("KeyInfo", "X509Data", "X509Certificate"))

_BLANK_OR_CONTROL = re.compile(r"[\s\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class IdpMetadata:
    """One identity provider. URLs may be "", times are UTC; it has an SSO URL and a certificate at least.

    left_out has a sentence about each certificate that cannot be used.
    """

    entity_id: str
    sso_redirect_url: str
    sso_post_url: str
    slo: SingleLogout
    certificates: tuple[Certificate, ...]
    wants_authn_requests_signed: bool
    valid_until: datetime | None
    left_out: tuple[Text, ...] = ()

    @property
    def sso_url(self) -> str:
        return self.sso_redirect_url or self.sso_post_url

    @property
    def sso_binding(self) -> Literal["redirect", "post"]:
        return "redirect" if self.sso_redirect_url else "post"


def parse_idp_metadata(xml: bytes, *, now: datetime, origin: str = "") -> IdpMetadata:
    """Return the only IdP of a metadata document. Raises MetadataError.

    URLs may use http as far as `origin`, that of this installation, allows it.
    """
    root = read_document(xml)
    entity = _only_idp_entity(root)
    idp = _only_descriptor(entity)
    sso_redirect_url, sso_post_url = sso_urls(idp, origin=origin)
    found = _signing_certificates(idp)
    return IdpMetadata(
        entity_id=_entity_id(entity),
        sso_redirect_url=sso_redirect_url,
        sso_post_url=sso_post_url,
        slo=single_logout(idp, origin=origin),
        certificates=found.certificates,
        wants_authn_requests_signed=idp.get("WantAuthnRequestsSigned") in ("true", "1"),
        valid_until=_valid_until((root, entity, idp), now),
        left_out=found.left_out,
    )


def _only_idp_entity(root: Element) -> Element:
    """Return the EntityDescriptor that describes an IdP. Raises MetadataError if there are none or several."""
    if root.tag not in (f"{MD}EntityDescriptor", f"{MD}EntitiesDescriptor"):
        raise MetadataError(_("This XML is not SAML 2.0 metadata: it does not begin with EntityDescriptor."), ASK_AGAIN)
    entities = [
        entity for entity in root.iter(f"{MD}EntityDescriptor") if entity.find(f"{MD}IDPSSODescriptor") is not None
    ]
    if len(entities) > 1:
        raise MetadataError(
            _(
                "The metadata describes %(number)s identity providers. Upload the metadata of the one to set up.",
                number=len(entities),
            )
        )
    if entities:
        return entities[0]
    if next(root.iter(f"{MD}SPSSODescriptor"), None) is None:
        raise MetadataError(_("The metadata describes no SAML identity provider (no IDPSSODescriptor)."), ASK_AGAIN)
    raise MetadataError(
        _(
            "This is the metadata of a service provider, perhaps our own. Upload the metadata of your "
            "identity provider, which you find in its SAML application."
        )
    )


def _only_descriptor(entity: Element) -> Element:
    """Return the one IDPSSODescriptor, which must offer SAML 2.0. Raises MetadataError."""
    descriptors = entity.findall(f"{MD}IDPSSODescriptor")
    if len(descriptors) > 1:
        raise MetadataError(
            _(
                "The metadata has %(number)s IDPSSODescriptor elements, not exactly one.",
                number=len(descriptors),
            ),
            ASK_AGAIN,
        )
    if NAMESPACES["samlp"] not in descriptors[0].get("protocolSupportEnumeration", "").split():
        raise MetadataError(
            _("This identity provider does not offer SAML 2.0. Choose SAML 2.0 in it and export again.")
        )
    return descriptors[0]


def _entity_id(entity: Element) -> str:
    value = entity.get("entityID", "")
    if not value or len(value) > MAX_ENTITY_ID or _BLANK_OR_CONTROL.search(value):
        raise MetadataError(
            _(
                "The entity ID (issuer) is missing, has spaces, or is longer than %(most)s characters.",
                most=MAX_ENTITY_ID,
            ),
            ASK_AGAIN,
        )
    return value


def _signing_certificates(idp: Element) -> Found:
    """Return the certificates of keys that are not only for encryption. Raises MetadataError."""
    keys = [key for key in idp.findall(f"{MD}KeyDescriptor") if key.get("use", "signing") == "signing"]
    texts = [(element.text or "").strip() for key in keys for element in key.findall(X509_CERTIFICATE)]
    try:
        found = usable([text for text in texts if text])
    except CertificateError as error:
        raise MetadataError(_("A signing certificate in the metadata cannot be used."), *error.texts) from None
    if not found.certificates:
        raise MetadataError(
            _(
                "The metadata has no signing certificate. Create or activate one at your identity provider "
                "and export the metadata again."
            )
        )
    return found


def _valid_until(elements: Iterable[Element], now: datetime) -> datetime | None:
    """Return the earliest validUntil of these elements. Raises MetadataError if it has passed."""
    times = [_time(value) for element in elements if (value := element.get("validUntil"))]
    valid_until = min(times, default=None)
    if valid_until and valid_until <= now:
        raise MetadataError(
            _(
                "The metadata was valid until %(day)s only. Download the current metadata from your identity provider.",
                day=f"{valid_until:%Y-%m-%d}",
            )
        )
    return valid_until


def _time(value: str) -> datetime:
    """Return an xs:dateTime as UTC. One without a zone is in UTC (SAML core, 1.3.3). Raises MetadataError."""
    try:
        time = datetime.fromisoformat(value.strip())
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        raise MetadataError(_("The validUntil of the metadata is not a date."), ASK_AGAIN) from None
