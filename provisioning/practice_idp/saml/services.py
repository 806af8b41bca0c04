"""Learns of a service from its own metadata, which lies at its entity ID."""

import http.client
import zlib
from http import HTTPStatus
from urllib.parse import urlsplit

from lxml import etree
from saml2 import saml
from saml2.s_utils import decode_base64_and_inflate

from provisioning.practice_idp.errors import BadRequest
from provisioning.practice_idp.saml.metadata import read_sp_metadata, read_xml
from provisioning.practice_idp.saml.shapes import Service

TIMEOUT_SECONDS = 10
MAX_BYTES = 1_000_000
_ISSUER = f"{{{saml.NAMESPACE}}}Issuer"


def issuer_of(message: str) -> str:
    """Return the issuer of a message that came by redirect, before anything of it is checked; raise BadRequest."""
    try:
        root = read_xml(decode_base64_and_inflate(message))
    except (ValueError, zlib.error, etree.XMLSyntaxError):
        raise BadRequest("This is not a SAML message.") from None
    return (root.findtext(_ISSUER) or "").strip()


def fetch_service(console: str, entity_id: str) -> Service:
    """Return a service of this console by its entity ID; raise BadRequest. No other address is ever asked."""
    path = entity_id.removeprefix(console)
    if path == entity_id or not path.startswith("/"):
        raise BadRequest(f"This request comes from another service. The practice IdP serves only {console}.")
    service = read_sp_metadata(_fetch(console, path))
    if service is None or service.entity_id != entity_id or not _is_of(console, service):
        raise BadRequest(f"{entity_id} is not the metadata of a service provider of this console.")
    return service


def _fetch(console: str, path: str) -> bytes:
    """Return what the console serves at a path; raise BadRequest."""
    address = urlsplit(console)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read(MAX_BYTES)
    except (OSError, ValueError, http.client.HTTPException):  # ValueError: a path that cannot be sent
        raise BadRequest(f"The console at {console} does not answer. Is `make run` still running?") from None
    finally:
        connection.close()
    if response.status != HTTPStatus.OK:
        raise BadRequest(f"The console at {console} has no such identity provider any more.")
    return body


def _is_of(console: str, service: Service) -> bool:
    """Say whether everything that is sent to a service goes to the console."""
    return all(url.startswith(f"{console}/") for url in (service.acs_url, service.slo_url))
