import pytest
from lxml import etree
from saml2.xml.schema import validate

from authentication.saml.certificates import parse_certificates
from authentication.saml.service_provider import sp_metadata
from tests.authentication.certificates import EC_CERTIFICATE, RSA_CERTIFICATE, bare, pem

ENTITY_ID = "https://console.example/saml/7f3a?a=1&b=2"
ACS_URL = "https://console.example/saml/7f3a/acs"
NS = {"md": "urn:oasis:names:tc:SAML:2.0:metadata", "ds": "http://www.w3.org/2000/09/xmldsig#"}
CERTIFICATES = parse_certificates(pem(RSA_CERTIFICATE) + pem(EC_CERTIFICATE))


def tree(**kwargs) -> etree._Element:
    return etree.fromstring(sp_metadata(entity_id=ENTITY_ID, acs_url=ACS_URL, **kwargs))


@pytest.mark.parametrize("certificates", [(), CERTIFICATES], ids=["without", "with certificates"])
def test_it_is_valid_by_the_saml_metadata_schema(certificates):
    xml = sp_metadata(entity_id=ENTITY_ID, acs_url=ACS_URL, signing_certificates=certificates)
    validate(xml.decode())


def test_it_names_our_entity_and_wants_signed_assertions():
    root = tree()
    (sp,) = root.findall("md:SPSSODescriptor", NS)
    assert root.get("entityID") == ENTITY_ID
    assert (sp.get("AuthnRequestsSigned"), sp.get("WantAssertionsSigned")) == ("false", "true")
    assert sp.get("protocolSupportEnumeration") == "urn:oasis:names:tc:SAML:2.0:protocol"


def test_the_only_acs_is_http_post_and_the_default():
    (acs,) = tree().iterfind(".//md:AssertionConsumerService", NS)
    assert dict(acs.attrib) == {
        "Binding": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST",
        "Location": ACS_URL,
        "index": "0",
        "isDefault": "true",
    }


def test_email_is_the_first_name_id_format_and_nothing_transient_is_offered():
    formats = [element.text for element in tree().iterfind(".//md:NameIDFormat", NS)]
    assert formats[0] == "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
    assert not any("transient" in name_id_format for name_id_format in formats)


def test_signing_certificates_are_published_for_signing():
    keys = tree(signing_certificates=CERTIFICATES).findall(".//md:KeyDescriptor", NS)
    assert [key.get("use") for key in keys] == ["signing", "signing"]
    assert [key.findtext(".//ds:X509Certificate", namespaces=NS) for key in keys] == [
        bare(RSA_CERTIFICATE),
        bare(EC_CERTIFICATE),
    ]


def test_the_same_arguments_give_the_same_bytes():
    assert len({etree.tostring(tree(signing_certificates=CERTIFICATES)) for _ in range(3)}) == 1


def test_no_program_outside_of_python_is_needed(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    assert sp_metadata(entity_id=ENTITY_ID, acs_url=ACS_URL)
