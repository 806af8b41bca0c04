"""What an administrator types into the wizard, and what its pages show."""

from datetime import UTC, datetime
from html import unescape

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from tests.authentication.certificates import NOW, bare, make, pem

SSO_URL, ISSUER = "https://idp.example/sso", "https://idp.example/entity"
TODAY = (datetime.now(UTC) - NOW).days
VALID, NEXT, EXPIRED = make(days=TODAY + 300), make(name="next.example", days=TODAY + 600), make(days=TODAY - 1)


def url(route: str, **kwargs) -> str:
    return reverse(f"authentication:{route}", kwargs={"workspace": "acme", "environment": "dev", **kwargs})


def page(response) -> str:
    return unescape(response.content.decode())


def errors(response) -> dict[str, str]:
    """The form's errors by field; there is one sentence at most for each."""
    assert response.status_code == 200
    found = response.context["form"].errors
    assert all(len(sentences) == 1 for sentences in found.values())
    return {field: sentences[0] for field, sentences in found.items()}


def details(**answers: str) -> dict[str, str]:
    return {"name": "Okta Dev", "vendor": "okta", "enforcement": "no_one", "domains": ""} | answers


def values(**answers: str) -> dict[str, str]:
    answered = {"sso_url": SSO_URL, "entity_id": ISSUER, "certificates": pem(VALID)} | answers
    return {"has_metadata_url": "no"} | answered


def idp_metadata(*certificates, sso_url=SSO_URL) -> str:
    md = "urn:oasis:names:tc:SAML:2.0"
    keys = "".join(
        '<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data>'
        f"<X509Certificate>{bare(each)}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>"
        for each in certificates
    )
    return (
        f'<EntityDescriptor xmlns="{md}:metadata" entityID="{ISSUER}"><IDPSSODescriptor '
        f'protocolSupportEnumeration="{md}:protocol">{keys}<SingleSignOnService '
        f'Binding="{md}:bindings:HTTP-POST" Location="{sso_url}"/></IDPSSODescriptor></EntityDescriptor>'
    )


def upload(content: str | bytes, name="metadata.xml") -> dict:
    raw = content if isinstance(content, bytes) else content.encode()
    return {"has_metadata_url": "no", "metadata_file": SimpleUploadedFile(name, raw)}


def metadata_url(publisher) -> str:
    return f"http://127.0.0.1:{publisher.server_port}/metadata"
