"""The provider wizard: its steps as data, and the readers of what step 2 asks."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from authentication.models import IdentityProvider
from authentication.saml.certificates import (
    PRIVATE_KEY,
    Certificate,
    CertificateError,
    contains_private_key,
    parse_certificates,
)
from authentication.saml.endpoints import MAX_URL, SingleLogout
from authentication.saml.metadata import MAX_ENTITY_ID, IdpMetadata, parse_idp_metadata
from authentication.saml.metadata_text import MetadataError
from workspace.console.navigation import page_url
from workspace.models import Environment
from workspace.outgoing import fetch_metadata

DETAILS, CONNECTION = "provider-edit", "provider-connect"
STEPS = {DETAILS: "Name and enforcement", CONNECTION: "Connection"}


class WrongAnswer(Exception):
    """Says what is wrong with one answer and what to correct."""


def steps(environment: Environment, current: str, provider: IdentityProvider | None = None) -> list[dict[str, Any]]:
    """The stepper's items: what is done can be gone back to."""
    done = {DETAILS: provider is not None, CONNECTION: provider is not None and provider.is_set_up}
    return [
        {
            "label": label,
            "url": page_url(f"authentication:{step}", environment, provider=provider.pk) if provider else "",
            "state": "current" if step == current else "done" if done[step] else "todo",
        }
        for step, label in STEPS.items()
    ]


def read_metadata_url(url: str, now: datetime) -> IdpMetadata:
    """What the IdP publishes at its metadata URL. Reaches out to the network: never call it in a transaction."""
    if not url:
        raise WrongAnswer("Enter the metadata URL, or answer No to give the values yourself.")
    if len(url) > MAX_URL:
        raise WrongAnswer(f"The metadata URL is longer than {MAX_URL:,} characters. Copy only the URL.")
    result = fetch_metadata(url, allowed_hosts=settings.METADATA_PRIVATE_HOSTS)
    if result.body is None:
        raise WrongAnswer(result.error)
    return read_metadata_xml(result.body, now)


def read_metadata_xml(xml: bytes, now: datetime) -> IdpMetadata:
    """The one IdP of a metadata document."""
    try:
        return parse_idp_metadata(xml, now=now)
    except MetadataError as error:
        raise WrongAnswer(str(error)) from None


def read_sso_url(url: str) -> str:
    """The address that browsers are sent to."""
    if not url:
        raise WrongAnswer("Enter the single sign-on URL of your identity provider; it begins with https://.")
    if url.lower().startswith("http://"):
        raise WrongAnswer("The single sign-on URL must begin with https://; http:// would show sign-ins to others.")
    if not _is_https_url(url):
        raise WrongAnswer("This is not a complete URL. Copy it whole from your identity provider: https://…")
    return url


def read_entity_id(entity_id: str) -> str:
    """The name by which the IdP signs its assertions."""
    if not entity_id:
        raise WrongAnswer("Enter the issuer (entity ID) of your identity provider.")
    if len(entity_id) > MAX_ENTITY_ID or len(entity_id.split()) > 1:
        raise WrongAnswer(
            f"An issuer (entity ID) has no spaces and at most {MAX_ENTITY_ID:,} characters. Copy it again."
        )
    return entity_id


def read_certificates(text: str) -> tuple[Certificate, ...]:
    """The signing certificates that were pasted."""
    try:
        return parse_certificates(text)
    except CertificateError as error:
        raise WrongAnswer(str(error)) from None


def typed_in(
    provider: IdentityProvider, sso_url: str, entity_id: str, certificates: tuple[Certificate, ...]
) -> IdpMetadata:
    """Single values as metadata; what they do not say stays as it is while they name the same place."""
    is_same = (sso_url, entity_id) == (provider.sso_url, provider.entity_id)
    is_post = is_same and provider.sso_binding == "post"
    return IdpMetadata(
        entity_id=entity_id,
        sso_redirect_url="" if is_post else sso_url,
        sso_post_url=sso_url if is_post else "",
        slo=provider.slo if is_same else SingleLogout(),
        certificates=certificates,
        name_id_formats=(),
        wants_authn_requests_signed=is_same and provider.wants_signed_requests,
        valid_until=provider.metadata_valid_until if is_same else None,
    )


def refuse_expired(certificates: Iterable[Certificate], held: set[str], now: datetime) -> None:
    """Raise when none is valid any more; a set that was accepted before and stays is only warned about."""
    certificates = list(certificates)
    if {certificate.fingerprint for certificate in certificates} == held:
        return
    if all(certificate.is_expired(now) for certificate in certificates):
        last = max(certificate.not_after for certificate in certificates)
        raise WrongAnswer(
            f"The signing certificate expired on {last:%-d %B %Y}. "
            "Create a new one at your identity provider, and give that here."
        )


def is_private_key(text: str) -> bool:
    """Whether somebody pasted a private key, also one without its PEM header."""
    if contains_private_key(text):
        return True
    try:
        parse_certificates(text)
    except CertificateError as error:
        return str(error) == PRIVATE_KEY
    return False


def _is_https_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        is_whole = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return is_whole and "@" not in parts.netloc and len(url) <= MAX_URL and url.isprintable() and " " not in url
