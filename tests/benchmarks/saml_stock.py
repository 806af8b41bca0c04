"""What pysaml2's own client takes to parse a response, with the xmlsec1 program that it starts for each signature."""

import shutil
import time
from xml.sax.saxutils import quoteattr

from django.utils import timezone
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT, md, xmldsig
from saml2.client import Saml2Client
from saml2.config import SPConfig

from tests.authentication.ways import Way
from tests.idp import encode


def parse_times(theirs: Way, count: int, attributes: dict[str, list[str]]) -> list[float]:
    """Seconds of so many responses; none where the program is not installed."""
    program = shutil.which("xmlsec1")
    if program is None:
        return []
    client, times = _client(theirs, program), []
    for number in range(count):
        request_id = f"_stock-{number}"
        answer = theirs.answer(request_id, attributes=attributes, now=timezone.now())
        message = encode(theirs.idp.respond(answer))
        began = time.perf_counter()
        parsed = client.parse_authn_request_response(message, BINDING_HTTP_POST, {request_id: "/"})
        times.append(time.perf_counter() - began)
        assert parsed.get_subject()
    return times


def _client(theirs: Way, program: str) -> Saml2Client:
    provider = theirs.environment_provider.identity_provider
    acs = [(provider.acs_url, BINDING_HTTP_POST)]
    service = {"endpoints": {"assertion_consumer_service": acs}, "want_response_signed": False}
    configuration = {
        "entityid": provider.sp_entity_id,
        "xmlsec_binary": program,
        "metadata": {"inline": [_metadata(theirs)]},
        "service": {"sp": service},
    }
    return Saml2Client(SPConfig().load(configuration))


def _metadata(theirs: Way) -> str:
    body = "".join(theirs.idp.certificate.splitlines()[1:-1])
    return (
        f"<EntityDescriptor xmlns={quoteattr(md.NAMESPACE)} entityID={quoteattr(theirs.idp.entity_id)}>"
        '<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
        f'<KeyDescriptor use="signing"><KeyInfo xmlns={quoteattr(xmldsig.NAMESPACE)}><X509Data>'
        f"<X509Certificate>{body}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>"
        f'<SingleSignOnService Binding="{BINDING_HTTP_REDIRECT}" Location="https://idp.example/sso"/>'
        "</IDPSSODescriptor></EntityDescriptor>"
    )
