"""Metadata as an IdP publishes it at its URL."""

from datetime import UTC, datetime

from tests.authentication.certificates import NOW, bare, make

DAYS = (datetime.now(UTC) - NOW).days
OLD, NEW, EXPIRED = make(name="old", days=DAYS + 300), make(name="new", days=DAYS + 700), make(name="gone", days=-1)
URL = "https://idp.example/metadata"
MD = "urn:oasis:names:tc:SAML:2.0"


def metadata(*certificates, sso="https://idp.example/sso", valid="", issuer="https://idp.example", post="", wants=""):
    keys = "".join(
        '<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data>'
        f"<X509Certificate>{bare(each)}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>"
        for each in certificates
    )
    services = f'<SingleSignOnService Binding="{MD}:bindings:HTTP-Redirect" Location="{sso}"/>' if sso else ""
    services += f'<SingleSignOnService Binding="{MD}:bindings:HTTP-POST" Location="{post}"/>' if post else ""
    until = f' validUntil="{valid}"' if valid else ""
    signed = ' WantAuthnRequestsSigned="true"' if wants else ""
    return (
        f'<EntityDescriptor xmlns="{MD}:metadata" entityID="{issuer}"{until}><IDPSSODescriptor{signed} '
        f'protocolSupportEnumeration="{MD}:protocol">{keys}{services}</IDPSSODescriptor></EntityDescriptor>'
    ).encode()
