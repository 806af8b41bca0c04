import time
from contextlib import suppress
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from authentication.saml.endpoints import SingleLogout
from authentication.saml.metadata import parse_idp_metadata
from authentication.saml.metadata_text import MetadataError
from authentication.saml.service_provider import sp_metadata
from tests.authentication.certificates import (
    EC_CERTIFICATE,
    NOW,
    PRIVATE_KEYS,
    RSA_CERTIFICATE,
    bare,
    fingerprint,
    make,
    pem,
)

MD = "urn:oasis:names:tc:SAML:2.0:metadata"
DS = "http://www.w3.org/2000/09/xmldsig#"
PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
BINDINGS = "urn:oasis:names:tc:SAML:2.0:bindings"
EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
ENTITY_ID = "https://idp.example/entity"
SSO = "https://idp.example/sso"


def key(certificate=RSA_CERTIFICATE, use="signing", body=None) -> str:
    attribute = f' use="{use}"' if use else ""
    return (
        f'<KeyDescriptor{attribute}><KeyInfo xmlns="{DS}"><X509Data><X509Certificate>'
        f"{body or bare(certificate)}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>"
    )


def service(binding="HTTP-Redirect", location=SSO, name="SingleSignOnService") -> str:
    return f'<{name} Binding="{BINDINGS}:{binding}" Location="{location}"/>'


def idp(*parts, attributes=f'protocolSupportEnumeration="{PROTOCOL}"') -> str:
    return f"<IDPSSODescriptor {attributes}>{''.join(parts)}</IDPSSODescriptor>"


def entity(*descriptors, entity_id=ENTITY_ID, attributes="") -> str:
    start = f'<EntityDescriptor xmlns="{MD}" entityID="{entity_id}" {attributes}>'
    return f"{start}{''.join(descriptors)}</EntityDescriptor>"


def entities(*members) -> str:
    return f'<EntitiesDescriptor xmlns="{MD}">{"".join(members)}</EntitiesDescriptor>'


HONEST = entity(idp(key(), service()))


def parse(text: str | bytes, now=NOW):
    return parse_idp_metadata(text if isinstance(text, bytes) else text.encode(), now=now)


def refusal(text: str | bytes) -> str:
    with pytest.raises(MetadataError) as caught:
        parse(text)
    return str(caught.value)


# Shapes of the metadata of real products, made here from what the standard and their screens say.

OKTA = '<?xml version="1.0" encoding="UTF-8"?>' + entity(
    idp(
        key(),
        f"<NameIDFormat>{EMAIL}</NameIDFormat>",
        service("HTTP-POST"),
        service(),
        attributes=f'WantAuthnRequestsSigned="false" protocolSupportEnumeration="{PROTOCOL}"',
    )
)
WS_FED = (
    '<RoleDescriptor xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xmlns:fed="http://docs.oasis-open.org/wsfed/federation/200706" xsi:type="fed:SecurityTokenServiceType" '
    'protocolSupportEnumeration="http://docs.oasis-open.org/wsfed/federation/200706">'
    f"{key(EC_CERTIFICATE)}<fed:TokenTypesOffered/></RoleDescriptor>"
)
SIGNATURE = f'<Signature xmlns="{DS}"><SignedInfo/><SignatureValue>AA==</SignatureValue></Signature>'
ENTRA = '\ufeff<?xml version="1.0" encoding="utf-8"?>' + entity(
    SIGNATURE,
    WS_FED,
    idp(
        key(),
        service(),
        service("HTTP-POST"),
        service("HTTP-Redirect", "https://idp.example/slo", "SingleLogoutService"),
    ),
    attributes='ID="_1"',
)
SP_PART = (
    f'<SPSSODescriptor protocolSupportEnumeration="{PROTOCOL}">{key(EC_CERTIFICATE)}'
    f'<AssertionConsumerService Binding="{BINDINGS}:HTTP-POST" Location="{SSO}" index="0"/></SPSSODescriptor>'
)
ADFS = entity(
    SIGNATURE,
    WS_FED,
    SP_PART,
    idp(
        key(EC_CERTIFICATE, "encryption"),
        key(),
        service("SOAP", "https://idp.example/slo-soap", "SingleLogoutService"),
        service("HTTP-POST", "https://idp.example/slo", "SingleLogoutService"),
        service(),
        service("HTTP-POST"),
        "<Attribute xmlns='urn:oasis:names:tc:SAML:2.0:assertion' Name='mail'/>",
    ),
)
GOOGLE = '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n' + entity(
    idp(key(), key(EC_CERTIFICATE), service(), service("HTTP-POST")),
    attributes=f'validUntil="{(NOW + timedelta(days=900)).strftime("%Y-%m-%dT%H:%M:%S.000Z")}"',
)
KEYCLOAK = entity(idp(key(), service("SOAP"), service("HTTP-POST"), service())).replace(
    f'<KeyInfo xmlns="{DS}">', f'<KeyInfo xmlns="{DS}"><KeyName>k1</KeyName>'
)
ONELOGIN = entity(idp(key(use="signing"), service(), service("HTTP-POST"), "\n<!-- made by hand -->\n"))
FEDERATION = entities(entity(SP_PART, entity_id="https://sp.example"), HONEST)
PREFIXED = HONEST.replace(f'xmlns="{MD}"', f'xmlns:m="{MD}"')
for name in ("EntityDescriptor", "IDPSSODescriptor", "KeyDescriptor", "SingleSignOnService"):
    PREFIXED = PREFIXED.replace(f"<{name}", f"<m:{name}").replace(f"</{name}", f"</m:{name}")

SHAPES = {
    "Okta": OKTA,
    "Entra": ENTRA,
    "ADFS": ADFS,
    "Google": GOOGLE,
    "Keycloak": KEYCLOAK,
    "OneLogin": ONELOGIN,
    "one IdP in a federation": FEDERATION,
    "prefixes": PREFIXED,
}


@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES.keys())
def test_the_metadata_of_every_usual_product_is_accepted(text):
    metadata = parse(text)
    assert metadata.entity_id == ENTITY_ID
    assert (metadata.sso_url, metadata.sso_binding) == (SSO, "redirect")
    assert metadata.certificates[0].fingerprint == fingerprint(RSA_CERTIFICATE)


DECLARED = '<?xml version="1.0" encoding="UTF-16"?>\n'


@pytest.mark.parametrize("text", [HONEST, DECLARED + HONEST, DECLARED.lower() + ADFS], ids=["", "UTF-16", "utf-16"])
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8", "utf-8-sig"])
def test_utf_16_is_read_like_utf_8_with_and_without_a_byte_order_mark(text, encoding):
    """Also where it was pasted, and is UTF-8 whatever it declares."""
    named = text.replace(ENTITY_ID, "https://idp.example/größe-\U0001f600")
    marked = "\ufeff" + named if encoding == "utf-16-be" else named
    for encoded in (named.encode(encoding), marked.encode(encoding)):
        assert parse(encoded).entity_id == "https://idp.example/größe-\U0001f600"


def test_a_private_key_in_utf_16_is_seen():
    assert "You pasted a private key" in refusal(PRIVATE_KEYS["pkcs8 pem"].encode("utf-16"))
    assert "DOCTYPE or ENTITY" in refusal(("<!DOCTYPE a>" + HONEST).encode("utf-16"))


def test_all_that_is_known_of_the_idp_is_returned():
    metadata = parse(OKTA)
    assert metadata.sso_post_url == metadata.sso_redirect_url == SSO
    assert metadata.slo == SingleLogout()
    assert metadata.wants_authn_requests_signed is False
    assert metadata.valid_until is None
    with pytest.raises(FrozenInstanceError):
        metadata.entity_id = "other"


def test_the_logout_url_has_a_binding_of_the_browser():
    assert parse(ADFS).slo == SingleLogout("https://idp.example/slo", "post")
    assert parse(ENTRA).slo == SingleLogout("https://idp.example/slo", "redirect")


@pytest.mark.parametrize(("value", "expected"), [("true", True), ("1", True), ("false", False), ("0", False)])
def test_wanting_signed_requests_is_an_xml_boolean(value, expected):
    attributes = f'WantAuthnRequestsSigned="{value}" protocolSupportEnumeration="{PROTOCOL}"'
    assert parse(entity(idp(key(), service(), attributes=attributes))).wants_authn_requests_signed is expected


def test_an_idp_with_post_only_is_used_by_post():
    metadata = parse(entity(idp(key(), service("HTTP-POST"))))
    assert (metadata.sso_url, metadata.sso_binding, metadata.sso_redirect_url) == (SSO, "post", "")


# Certificates


def fingerprints(*keys) -> list[str]:
    return [certificate.fingerprint for certificate in parse(entity(idp(*keys, service()))).certificates]


def test_s13_a_key_without_use_signs_and_an_encryption_key_does_not():
    assert fingerprints(key(use=""), key(EC_CERTIFICATE, "encryption")) == [fingerprint(RSA_CERTIFICATE)]


def test_s13_keys_of_the_other_roles_of_the_entity_are_not_trusted():
    assert len(parse(ADFS).certificates) == 1


def test_a_rollover_has_both_certificates_and_a_repeated_one_counts_once():
    expected = [fingerprint(RSA_CERTIFICATE), fingerprint(EC_CERTIFICATE)]
    assert fingerprints(key(), key(EC_CERTIFICATE), key()) == expected


def test_an_expired_certificate_is_kept_for_the_caller_to_warn_of():
    assert parse(entity(idp(key(make(days=-5)), service()))).certificates[0].is_expired(NOW)


def test_s13_more_than_ten_certificates_are_refused():
    keys = [key(make(name=f"{number}.example")) for number in range(11)]
    assert len(fingerprints(*keys[:10])) == 10
    assert "11 different certificates" in refusal(entity(idp(*keys, service())))


@pytest.mark.parametrize("keys", [(), (key(use="encryption"),), (key(body=" "),)])
def test_at_least_one_signing_certificate_is_needed(keys):
    assert "no signing certificate" in refusal(entity(idp(*keys, service())))


def test_a_damaged_certificate_is_refused_and_of_several_it_is_said_which():
    assert "not a readable" in refusal(entity(idp(key(body="AAAA"), service())))
    assert "Certificate 2 of 3: This is not a readable" in refusal(
        entity(idp(key(), key(body="AAAA"), key(), service()))
    )
    private_key = key(body=PRIVATE_KEYS["bare pkcs8"])
    assert "cannot be used. You pasted a private key" in refusal(entity(idp(key(), private_key, service())))


WEAK = make(rsa.generate_private_key(public_exponent=65537, key_size=1024), name="weak.example")


@pytest.mark.parametrize("keys", [(key(WEAK), key()), (key(), key(WEAK)), (key(WEAK), key(), key(WEAK))])
def test_s3_a_weak_certificate_beside_a_good_one_is_left_out_and_named(keys):
    metadata = parse(entity(idp(*keys, service())))
    assert [certificate.fingerprint for certificate in metadata.certificates] == [fingerprint(RSA_CERTIFICATE)]
    (sentence,) = metadata.left_out
    assert f"CN=weak.example (SHA-256 {fingerprint(WEAK)}) has an RSA key of 1024 bits" in sentence


def test_s3_a_weak_certificate_alone_is_refused_and_named():
    says = refusal(entity(idp(key(WEAK), key(WEAK), service())))
    assert says.count("CN=weak.example") == 1 and "at least 2048 bits" in says


def armoured(certificate) -> str:
    return pem(certificate).strip()


def url_safe(certificate) -> str:
    return bare(certificate).translate(str.maketrans("+/", "-_")).rstrip("=")


@pytest.mark.parametrize(
    "body",
    [
        armoured,
        lambda each: armoured(each).replace("\n", "\r\n   "),
        lambda each: armoured(each).replace("CERTIFICATE", "X509 CERTIFICATE"),
        lambda each: armoured(each).replace("\n", ""),
        url_safe,
        lambda each: f"\n{url_safe(each)}==\n" if len(url_safe(each)) % 4 == 2 else f"\n{url_safe(each)}\n",
        lambda each: f"-----BEGIN CERTIFICATE-----\n{url_safe(each)}\n-----END CERTIFICATE-----",
        lambda each: bare(each).replace("A", "A\n\n "),
    ],
    ids=["PEM", "indented", "X509", "one line", "URL-safe", "padded", "both", "blank lines"],
)
def test_a_certificate_is_read_in_every_usual_spelling(body):
    expected = [fingerprint(RSA_CERTIFICATE), fingerprint(EC_CERTIFICATE)]
    assert fingerprints(key(body=body(RSA_CERTIFICATE)), key(body=body(EC_CERTIFICATE))) == expected


# What people upload by mistake

SP = sp_metadata(entity_id="https://console.example/saml", acs_url="https://console.example/acs")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        (" \r\n\t", "is empty"),
        ("\ufeff", "is empty"),
        ('{"issuer": "https://idp.example"}', "This is JSON"),
        ("<!DOCTYPE html><html><body>Sign in</body></html>", "web page"),
        ("<html lang='en'></html>", "web page"),
        ("https://idp.example/metadata", "This is a URL"),
        (pem(RSA_CERTIFICATE), "not XML"),
        (SP, "metadata of a service provider"),
        (entity(SP_PART), "metadata of a service provider"),
        (entity(WS_FED), "no SAML identity provider"),
        (entities(), "no SAML identity provider"),
        ("<a/>", "not SAML 2.0 metadata"),
        (HONEST.replace(MD, "urn:example"), "not SAML 2.0 metadata"),
        (HONEST[:-20], "damaged or incomplete"),
        (HONEST + HONEST, "damaged or incomplete"),
        (HONEST.replace("entity", "entité").encode("latin-1"), "neither UTF-8 nor UTF-16"),
        (HONEST.encode("utf-16")[:-1], "neither UTF-8 nor UTF-16"),
        (HONEST.encode("utf-32"), "not XML"),
        ('<?xml version="1.0" encoding="ISO-8859-1"?>' + HONEST, "encoding other than UTF-8"),
        ('<?xml version="1.0" encoding="utf-7"?>' + HONEST, "encoding other than UTF-8"),
        (HONEST + "<!-- " + " " * 1_000_000 + " -->", "larger than 1 MB"),
        (HONEST.replace(PROTOCOL, "urn:oasis:names:tc:SAML:1.1:protocol"), "does not offer SAML 2.0"),
        (entity(idp(key(), service()), entity_id=""), "entity ID"),
        (entity(idp(key(), service()), entity_id="two words"), "entity ID"),
        (entity(idp(key(), service()), entity_id="x" * 1025), "entity ID"),
        (entity(idp(key(), service()), idp(key(), service())), "2 IDPSSODescriptor"),
        (entities(HONEST, HONEST, entity(SP_PART)), "describes 2 identity providers"),
        (entities(entities(HONEST), HONEST, HONEST), "describes 3 identity providers"),
        (PRIVATE_KEYS["pkcs8 pem"], "You pasted a private key"),
        (
            HONEST.replace("</IDP", f"<!-- {PRIVATE_KEYS['pkcs1 pem'].replace('--', '- -')} --></IDP"),
            "private key",
        ),
    ],
)
def test_s13_anything_else_is_refused_with_its_own_sentence(text, says):
    assert says in refusal(text)


@pytest.mark.parametrize(
    "location",
    [
        "http://idp.example/sso",
        "javascript:alert(1)",
        "//idp.example/sso",
        "https://",
        "https:///sso",
        "https://user@idp.example/sso",
        "https://idp.example/s o",
        "https://[::1/sso",
        "https://idp.example:99999/",
        "https://idp.example/" + "x" * 2000,
        "",
    ],
)
def test_s13_the_sso_url_must_be_https(location):
    assert "no https single sign-on URL" in refusal(entity(idp(key(), service(location=location))))


@pytest.mark.parametrize("services", [(), (service("SOAP"),), (service("HTTP-Artifact"),)])
def test_s13_the_sso_url_must_have_a_binding_that_is_spoken_here(services):
    assert "no https single sign-on URL" in refusal(entity(idp(key(), *services)))


# XML attacks


@pytest.mark.parametrize(
    "prologue",
    [
        '<!DOCTYPE EntityDescriptor SYSTEM "https://evil.example/x.dtd">',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!doctype a [<!entity x "y">]>',
        '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "1"><!ENTITY b "&a;&a;&a;">]>',
    ],
)
def test_s13_a_dtd_is_refused(prologue):
    assert "DOCTYPE or ENTITY" in refusal(prologue + HONEST)


def test_an_entity_is_never_expanded_even_if_the_check_of_the_text_were_gone(monkeypatch):
    monkeypatch.setattr("authentication.saml.metadata_text._refuse_unsafe_xml", lambda *texts: None)
    prologue = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    text = prologue + entity(idp(key(body=f"{bare(RSA_CERTIFICATE)}&x;"), service()))
    assert parse(text).certificates == parse(HONEST).certificates


def test_deep_nesting_is_refused():
    assert "damaged" in refusal("<a>" * 5000 + "</a>" * 5000)


@pytest.mark.parametrize("piece", ["BEGIN ", "<!doctype ", "<?xml encoding", "<a>", "<a b='", " "])
def test_hostile_repetition_is_answered_quickly(piece):
    started = time.process_time()
    refusal(("<" + piece * 1_000_000)[:1_000_000])
    assert time.process_time() - started < 1


@given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
def test_any_bytes_give_a_sentence(data):
    with pytest.raises(MetadataError):
        parse(data)


@given(st.data())
def test_any_cut_of_honest_metadata_is_read_or_gives_a_sentence(data):
    text = ADFS.encode()
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    with suppress(MetadataError):
        assert parse(text[:start] + text[end:]).entity_id


# Validity


@pytest.mark.parametrize(
    "value",
    [
        "2026-01-14T23:59:59Z",
        "2026-01-15T00:00:00",
        "2026-01-15T01:00:00+02:00",
        "1999-01-01T00:00:00.0000000Z",
    ],
)
def test_expired_metadata_is_refused(value):
    assert "was valid until" in refusal(entity(idp(key(), service()), attributes=f'validUntil="{value}"'))


def test_a_validity_without_a_zone_is_utc_wherever_the_server_stands(monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        text = entity(idp(key(), service()), attributes='validUntil="2026-02-01T00:00:00"')
        assert parse(text).valid_until == datetime(2026, 2, 1, tzinfo=UTC)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_the_earliest_of_all_ends_counts():
    attributes = f'validUntil="2026-02-01T00:00:00Z" protocolSupportEnumeration="{PROTOCOL}"'
    text = entity(idp(key(), service(), attributes=attributes), attributes='validUntil="2026-03-01T00:00:00Z"')
    assert parse(text).valid_until == datetime(2026, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize("value", ["soon", "99999-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"])
def test_a_validity_that_is_no_date_is_refused(value):
    assert "not a date" in refusal(entity(idp(key(), service()), attributes=f'validUntil="{value}"'))
