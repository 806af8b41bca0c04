"""Step 2 of the wizard shows every mistake at its field and keeps what was typed."""

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.contrib.messages import get_messages
from django.utils import timezone

from authentication.actions.service_provider import ensure_signing_key
from authentication.models import IdentityProvider
from authentication.saml.service_provider import sp_metadata
from tests.authentication.certificates import PRIVATE_KEYS, fingerprint, make, pem
from tests.authentication.wizard import (
    EXPIRED,
    NEXT,
    TODAY,
    VALID,
    errors,
    idp_metadata,
    metadata_url,
    page,
    upload,
    url,
    values,
)
from workspace.models import ChangeEvent


def refused(step2, answers: dict) -> dict[str, str]:
    """The errors of answers that must be refused; what was typed is there again, and nothing was stored."""
    response = step2(answers)
    found = errors(response)
    form = response.context["form"]
    for name, typed in answers.items():
        if isinstance(typed, str):
            assert form[name].value() == typed
    assert not IdentityProvider.objects.exclude(entity_id="").exists()
    return found


@pytest.mark.parametrize(
    ("answers", "field", "says"),
    [
        (values(sso_url=""), "sso_url", "Enter the single sign-on URL"),
        (values(sso_url="http://idp.example/sso"), "sso_url", "must begin with https://"),
        (values(sso_url="idp.example/sso"), "sso_url", "not a complete URL"),
        (values(sso_url="https://user:pw@idp.example/"), "sso_url", "not a complete URL"),
        (values(sso_url="https:///sso"), "sso_url", "not a complete URL"),
        (values(sso_url="https://idp.example/a b"), "sso_url", "not a complete URL"),
        (values(sso_url="https://idp.example/" + "a" * 2000), "sso_url", "not a complete URL"),
        (values(entity_id=""), "entity_id", "Enter the issuer"),
        (values(entity_id="my issuer"), "entity_id", "no spaces"),
        (values(entity_id="a" * 1025), "entity_id", "1,024 characters"),
        (values(certificates=""), "certificates", "Paste the signing certificate"),
        (values(certificates="MIIB nonsense"), "certificates", "not a readable X.509 certificate"),
        (values(certificates=pem(VALID)[:200]), "certificates", "cut off"),
        (values(certificates=pem(EXPIRED)), "certificates", "The signing certificate expired on"),
        (values(certificates=idp_metadata(VALID)), "certificates", "This is XML"),
    ],
)
def test_a_wrong_value_is_refused_at_its_field(step2, answers, field, says):
    found = refused(step2, answers)
    assert found.keys() == {field} and says in found[field]


def test_all_mistakes_of_step_2_are_told_at_once(step2):
    assert refused(step2, values(sso_url="", entity_id="", certificates="")).keys() == {
        "sso_url",
        "entity_id",
        "certificates",
    }


def test_the_question_must_be_answered(step2):
    assert refused(step2, {"metadata_url": "https://idp.example/metadata"}) == {"has_metadata_url": "Select Yes or No."}


WEAK = make(rsa.generate_private_key(public_exponent=65537, key_size=1024), name="weak.example", days=TODAY + 300)
OURS = sp_metadata(entity_id="https://sp.example", acs_url="https://sp.example/acs").decode()
WRONG_DOCUMENTS = [
    (OURS, "metadata of a service provider"),
    (idp_metadata(), "no signing certificate"),
    (idp_metadata(EXPIRED), "expired on"),
    (idp_metadata(VALID, sso_url="http://idp.example/sso"), "no https single sign-on URL"),
    (idp_metadata(VALID)[:300], "damaged or incomplete"),
    ("<html><body>Sign in</body></html>", "web page"),
]


@pytest.mark.parametrize(("xml", "says"), WRONG_DOCUMENTS)
def test_wrong_metadata_that_is_pasted_is_explained_and_kept(step2, xml, says):
    assert says in refused(step2, {"has_metadata_url": "no", "metadata_xml": xml})["metadata_xml"]


@pytest.mark.parametrize(("xml", "says"), [*WRONG_DOCUMENTS, ("", "is empty"), ("<" * 1_000_001, "larger than 1 MB")])
def test_wrong_metadata_that_is_uploaded_is_explained(step2, xml, says):
    found = refused(step2, upload(xml))
    assert found.keys() == {"metadata_file"} and says in found["metadata_file"]


@pytest.mark.parametrize(("xml", "says"), WRONG_DOCUMENTS)
def test_wrong_metadata_at_the_url_is_explained(step2, publisher, xml, says):
    publisher.answer = 200, xml.encode()
    found = refused(step2, {"has_metadata_url": "yes", "metadata_url": metadata_url(publisher)})
    assert found.keys() == {"metadata_url"} and says in found["metadata_url"]


def test_a_metadata_url_that_answers_with_an_error_is_explained(step2, publisher):
    publisher.answer = 404, b""
    found = refused(step2, {"has_metadata_url": "yes", "metadata_url": metadata_url(publisher)})
    assert "answered with HTTP status 404" in found["metadata_url"]


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "Enter the metadata URL"),
        ("idp.example/metadata", "not a complete metadata URL"),
        ("http://idp.example/metadata", "must begin with https://"),
        ("https://127.0.0.1/metadata", "could not be reached securely"),
        ("https://idp.example/" + "a" * 2000, "longer than 2,000 characters"),
    ],
)
def test_s12_a_wrong_metadata_url_is_explained_and_kept(step2, typed, says):
    assert says in refused(step2, {"has_metadata_url": "yes", "metadata_url": typed})["metadata_url"]


@pytest.mark.parametrize("way", ["URL", "XML", "file", "values"])
def test_s3_a_weak_certificate_beside_a_good_one_is_left_out_with_a_warning(step2, publisher, way):
    xml = idp_metadata(WEAK, VALID)
    publisher.answer = 200, xml.encode("utf-16")
    answers = {
        "URL": {"has_metadata_url": "yes", "metadata_url": metadata_url(publisher)},
        "XML": {"has_metadata_url": "no", "metadata_xml": xml},
        "file": upload(xml.encode("utf-16")),
        "values": values(certificates=pem(WEAK) + pem(VALID)),
    }
    told = [str(message) for message in get_messages(step2(answers[way]).wsgi_request)]
    says = (
        f"The certificate CN=weak.example (SHA-256 {fingerprint(WEAK)}) has an RSA key of 1024 bits, which is too weak."
    )
    assert told[1:] == [f"{says} It was left out: what it signs is refused."]
    assert [each.fingerprint for each in IdentityProvider.objects.get().certificates.all()] == [fingerprint(VALID)]


@pytest.mark.parametrize(
    "answers", [values(certificates=pem(WEAK)), {"has_metadata_url": "no", "metadata_xml": idp_metadata(WEAK)}]
)
def test_s3_a_weak_certificate_alone_is_refused_by_its_name(step2, answers):
    (says,) = refused(step2, answers).values()
    assert f"CN=weak.example (SHA-256 {fingerprint(WEAK)})" in says and "at least 2048 bits" in says


def test_a_file_and_pasted_xml_at_once_are_refused(step2):
    both = upload(idp_metadata(VALID)) | {"metadata_xml": idp_metadata(NEXT)}
    assert "not both" in refused(step2, both)["metadata_file"]


def test_metadata_and_single_values_at_once_are_refused(step2):
    both = values(metadata_xml=idp_metadata(VALID))
    assert "not both" in refused(step2, both)["metadata_xml"]


def test_a_good_file_must_be_chosen_again_when_something_else_is_wrong(step2):
    answers = upload(idp_metadata(VALID), "okta.xml") | {"certificates": PRIVATE_KEYS["pkcs8 pem"]}
    assert "Choose okta.xml again" in errors(step2(answers))["metadata_file"]


@pytest.mark.parametrize("field", ["certificates", "metadata_xml", "sso_url", "entity_id"])
@pytest.mark.parametrize("key", PRIVATE_KEYS.values(), ids=PRIVATE_KEYS.keys())
def test_s13_a_private_key_is_neither_stored_nor_shown_again(step2, field, key):
    response = step2(values(**{field: key}))
    assert "You pasted a private key" in errors(response)[field]
    assert response.context["form"][field].value() == ""
    assert key.splitlines()[1 if "\n" in key else 0][:40] not in page(response)
    assert not IdentityProvider.objects.exclude(entity_id="").exists()
    assert not ChangeEvent.objects.filter(action="identity_provider.connected").exists()


def test_s13_a_private_key_in_a_file_is_refused(step2):
    found = refused(step2, upload(PRIVATE_KEYS["pkcs8 pem"]))
    assert "You pasted a private key" in found["metadata_file"]


def test_s13_a_private_key_in_the_way_not_chosen_is_not_shown_again_either(step2):
    key = PRIVATE_KEYS["pkcs8 pem"]
    response = step2({"has_metadata_url": "yes", "metadata_url": "http://wrong.example", "certificates": key})
    assert errors(response).keys() == {"metadata_url"}
    assert key.splitlines()[1] not in page(response)


def test_step_2_keeps_what_was_typed_when_the_signing_key_cannot_be_opened(admin, dev, draft, settings):
    ensure_signing_key(dev.workspace, now=timezone.now())
    settings.SECRETS_KEYS = ["another key"]
    xml = idp_metadata(VALID).replace("<IDPSSODescriptor ", '<IDPSSODescriptor WantAuthnRequestsSigned="true" ')
    response = admin.post(url("provider-connect", provider=draft.pk), {"has_metadata_url": "no", "metadata_xml": xml})
    assert "SECRETS_KEYS" in errors(response)["__all__"]
    assert "WantAuthnRequestsSigned" in page(response)
    draft.refresh_from_db()
    assert not draft.is_set_up
