"""What an administrator says of an IdP: step 2 of the wizard asks it, and a refresh of metadata fetches it."""

from collections.abc import Sequence
from datetime import datetime
from threading import Lock

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from authentication.models import IdentityProvider
from authentication.saml.certificates import (
    Certificate,
    CertificateError,
    Found,
    PrivateKeyError,
    contains_private_key,
    find_certificates,
    parse_certificates,
)
from authentication.saml.endpoints import MAX_URL, SingleLogout, is_browser_url
from authentication.saml.metadata import MAX_ENTITY_ID, IdpMetadata, parse_idp_metadata
from authentication.saml.metadata_text import MetadataError
from authentication.saml.texts import Text
from authentication.sentences import refusal_in_words
from workspace.loopback import fetchable_host
from workspace.outgoing import fetch_metadata
from workspace.refusals import ActionError
from workspace.words import grouped

# A process has few threads, and a slow IdP keeps one for seconds. Never all of them: the others answer SCIM meanwhile.
_fetching = Lock()
_BUSY = gettext_noop("Other metadata is being fetched at this moment. Try again in a few seconds.")


class WrongAnswer(ActionError):
    """A refusal of what an administrator answered, with what to correct."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__("wrong_answer", message, field=field)


def fetch_idp(provider: IdentityProvider, url: str, now: datetime) -> IdpMetadata:
    """Return what the IdP publishes at its metadata URL. Raises WrongAnswer at the field `metadata_url`.

    It reaches out to the network: never call it in a transaction.
    """
    if not _fetching.acquire(blocking=False):
        raise WrongAnswer(_(_BUSY), field="metadata_url")
    try:
        on_this_machine = fetchable_host(url, origin=settings.ORIGIN)
        result = fetch_metadata(url, allowed_hosts=settings.METADATA_PRIVATE_HOSTS | on_this_machine)
    finally:
        _fetching.release()
    try:
        if result.body is None:
            raise WrongAnswer(result.error)
        metadata = read_metadata_xml(result.body, now)
        refuse_expired(provider, metadata.certificates, now)
    except WrongAnswer as error:
        raise WrongAnswer(error.message, field="metadata_url") from None
    return metadata


def read_metadata_url(url: str) -> str:
    """Return the metadata URL as it was typed."""
    if not url:
        raise WrongAnswer(_("Enter the metadata URL, or answer No to give the values yourself."))
    if len(url) > MAX_URL:
        told = _("The metadata URL is longer than %(most)s characters. Copy only the URL.")
        raise WrongAnswer(told % {"most": grouped(MAX_URL)})
    return url


def read_metadata_xml(xml: bytes, now: datetime) -> IdpMetadata:
    """Return the one IdP of a metadata document."""
    try:
        return parse_idp_metadata(xml, now=now, origin=settings.ORIGIN)
    except MetadataError as error:
        raise WrongAnswer(refusal_in_words(error)) from None


def read_sso_url(url: str) -> str:
    """Return the URL that browsers are sent to."""
    if not url:
        raise WrongAnswer(_("Enter the single sign-on URL of your identity provider; it begins with https://."))
    if is_browser_url(url, origin=settings.ORIGIN):
        return url
    if url.lower().startswith("http://"):
        raise WrongAnswer(_("The single sign-on URL must begin with https://; http:// would show sign-ins to others."))
    raise WrongAnswer(_("This is not a complete URL. Copy it whole from your identity provider: https://…"))


def read_entity_id(entity_id: str) -> str:
    """Return the name that the IdP gives itself in its assertions."""
    if not entity_id:
        raise WrongAnswer(_("Enter the issuer (entity ID) of your identity provider."))
    if len(entity_id) > MAX_ENTITY_ID or len(entity_id.split()) > 1:
        told = _("An issuer (entity ID) has no spaces and at most %(most)s characters. Copy it again.")
        raise WrongAnswer(told % {"most": grouped(MAX_ENTITY_ID)})
    return entity_id


def read_certificates(text: str) -> Found:
    """Return the signing certificates that were pasted."""
    try:
        return find_certificates(text)
    except CertificateError as error:
        raise WrongAnswer(refusal_in_words(error)) from None


def typed_in(
    provider: IdentityProvider,
    sso_url: str,
    entity_id: str,
    certificates: tuple[Certificate, ...],
    left_out: tuple[Text, ...] = (),
) -> IdpMetadata:
    """Return single values as metadata. What they do not say stays while they name the same IdP."""
    is_same = (sso_url, entity_id) == (provider.sso_url, provider.entity_id)
    is_post = is_same and provider.sso_binding == "post"
    return IdpMetadata(
        entity_id=entity_id,
        sso_redirect_url="" if is_post else sso_url,
        sso_post_url=sso_url if is_post else "",
        slo=provider.slo if is_same else SingleLogout(),
        certificates=certificates,
        wants_authn_requests_signed=is_same and provider.wants_signed_requests,
        valid_until=provider.metadata_valid_until if is_same else None,
        left_out=left_out,
    )


def refuse_expired(provider: IdentityProvider, certificates: Sequence[Certificate], now: datetime) -> None:
    """Raise WrongAnswer if all have expired; the set that the provider has already is only warned about."""
    pinned = set(provider.certificates.values_list("fingerprint", flat=True))
    if {certificate.fingerprint for certificate in certificates} == pinned:
        return
    if all(certificate.is_expired(now) for certificate in certificates):
        last = max(certificate.not_after for certificate in certificates)
        told = _(
            "The signing certificate expired on %(day)s. "
            "Create a new one at your identity provider, and give that here."
        )
        raise WrongAnswer(told % {"day": date_format(last, "DATE_FORMAT")})


def is_private_key(text: str) -> bool:
    """Say whether the text is a private key, with or without its PEM header."""
    if contains_private_key(text):
        return True
    try:
        parse_certificates(text)
    except PrivateKeyError:
        return True
    except CertificateError:
        return False
    return False
