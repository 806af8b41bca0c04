"""What a program says of an identity provider: its metadata by URL, as XML, or as single values."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from authentication import idp_side
from authentication.models import IdentityProvider
from authentication.saml.metadata import IdpMetadata
from authentication.saml.metadata_text import MAX_BYTES
from workspace.api.core.fields import Input, Text
from workspace.refusals import ActionError

Read = TypeVar("Read")
Source = IdentityProvider.MetadataSource
_VALUES = ("sso_url", "entity_id", "certificates")
_ONE_WAY = "Send metadata_url, or metadata_xml, or sso_url with entity_id and certificates."


class ConnectionInput(Input):
    """The identity provider's side, in one of three ways."""

    metadata_url = Text(max_length=2000, required=False, help_text="It is fetched now, and refreshed every day.")
    metadata_xml = Text(max_length=MAX_BYTES, required=False)
    sso_url = Text(max_length=2000, required=False)
    entity_id = Text(max_length=1024, required=False, help_text="The issuer.")
    certificates = Text(max_length=100_000, required=False, help_text="PEM or Base64, one below the other.")

    example = {
        "sso_url": "https://idp.example/sso",
        "entity_id": "https://idp.example",
        "certificates": "-----BEGIN CERTIFICATE-----\nMIIC…\n-----END CERTIFICATE-----",
    }


@dataclass(frozen=True)
class Connected:
    """The identity provider's side, and where it came from."""

    metadata: IdpMetadata
    source: str
    url: str = ""


class Reading:
    """The reading of a connection, whose refusal is told once the change begins."""

    def __init__(self, read: Callable[[], Connected]) -> None:
        self._connected: Connected | None = None
        self._refusal: ActionError | None = None
        try:
            self._connected = read()
        except ActionError as refusal:
            self._refusal = refusal

    def connected(self) -> Connected:
        """Return what was read. Raises the refusal."""
        if self._connected is None:
            raise self._refusal or ActionError("wrong_answer", _ONE_WAY)
        return self._connected


def read_connection(provider: IdentityProvider, given: dict[str, Any], above: str, now: datetime) -> Connected:
    """Return what the values say; a URL is fetched. `above` leads to them. Raises ActionError at the wrong value."""
    ways = [Source.URL] * ("metadata_url" in given) + [Source.XML] * ("metadata_xml" in given)
    ways += [Source.FIELDS] * any(name in given for name in _VALUES)
    if len(ways) != 1:
        raise idp_side.WrongAnswer(_ONE_WAY, field=above.rstrip("/") or None)
    if ways == [Source.URL]:
        url = given["metadata_url"]
        return Connected(_at(above, "metadata_url", lambda: idp_side.fetch_idp(provider, url, now)), Source.URL, url)
    if ways == [Source.XML]:
        xml = given["metadata_xml"].encode()
        metadata, field = _at(above, "metadata_xml", lambda: idp_side.read_metadata_xml(xml, now)), "metadata_xml"
    else:
        metadata, field = _typed_in(provider, given, above), "certificates"
    _at(above, field, lambda: idp_side.refuse_expired(provider, metadata.certificates, now))
    return Connected(metadata, ways[0])


def fetched_again(provider: IdentityProvider, now: datetime) -> Connected:
    """Return what the metadata URL of the provider says now. Raises ActionError."""
    if provider.metadata_source != Source.URL:
        raise ActionError("no_metadata_url", "It was not given by URL. Set its connection instead.")
    metadata = idp_side.fetch_idp(provider, provider.metadata_url, now)
    return Connected(metadata, Source.URL, provider.metadata_url)


def _typed_in(provider: IdentityProvider, given: dict[str, Any], above: str) -> IdpMetadata:
    sso_url, entity_id, certificates = (given.get(name, "") for name in _VALUES)
    sso_url = _at(above, "sso_url", lambda: idp_side.read_sso_url(sso_url))
    entity_id = _at(above, "entity_id", lambda: idp_side.read_entity_id(entity_id))
    found = _at(above, "certificates", lambda: idp_side.read_certificates(certificates))
    return idp_side.typed_in(provider, sso_url, entity_id, found.certificates, found.left_out)


def _at(above: str, field: str, read: Callable[[], Read]) -> Read:
    """Return what was read. A refusal names the field as the request does."""
    try:
        return read()
    except idp_side.WrongAnswer as refusal:
        raise idp_side.WrongAnswer(refusal.message, field=above + field) from None
