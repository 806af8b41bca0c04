from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse

from authentication import idp_side
from authentication.actions.policies import switch_saml
from authentication.actions.service_provider import signing_key
from authentication.models import EnvironmentProvider, IdentityProvider
from authentication.saml.service_provider import sp_metadata
from tests import factories
from tests.authentication.certificates import NOW, PRIVATE_KEYS, bare, fingerprint, make, pem
from workspace.events import SYSTEM
from workspace.models import ChangeEvent, Environment
from workspace.outgoing import FetchResult

SSO_URL, ISSUER = "https://idp.example/sso", "https://idp.example/entity"
TODAY = (datetime.now(UTC) - NOW).days
VALID, NEXT, EXPIRED = make(days=TODAY + 300), make(name="next.example", days=TODAY + 600), make(days=TODAY - 1)


@pytest.fixture
def dev(db) -> Environment:
    environment = factories.workspace().environments.get(slug="dev")
    switch_saml(environment=environment, is_enabled=True, by=SYSTEM)
    return environment


@pytest.fixture
def admin(client, dev):
    return factories.sign_in(client, factories.administrator(dev.workspace, "admin"))


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


@pytest.fixture
def draft(admin) -> IdentityProvider:
    """A provider after step 1."""
    admin.post(url("provider-create"), details())
    return IdentityProvider.objects.get()


@pytest.fixture
def step2(admin, draft):
    """Answers step 2 of the draft."""

    def answer(answers: dict):
        return admin.post(url("provider-connect", provider=draft.pk), answers)

    return answer


@pytest.fixture
def publisher(settings) -> Iterator[ThreadingHTTPServer]:
    """An IdP in a network that the operator allows; `answer` is (status, body)."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            status, body = self.server.answer
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    settings.METADATA_PRIVATE_HOSTS = frozenset({f"127.0.0.1:{server.server_port}"})
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def metadata_url(publisher) -> str:
    return f"http://127.0.0.1:{publisher.server_port}/metadata"


# Step 1


def test_next_keeps_a_draft_whose_urls_are_final_and_goes_on_to_step_2(admin):
    response = admin.post(url("provider-create"), details(enforcement="all_domains"))
    use = EnvironmentProvider.objects.get()
    provider = use.identity_provider
    assert response.url == url("provider-connect", provider=provider.pk)
    assert (provider.name, provider.vendor, use.enforcement, provider.is_set_up) == (
        "Okta Dev",
        "okta",
        "all_domains",
        False,
    )
    text = page(admin.get(response.url))
    assert provider.acs_url in text and provider.sp_entity_id in text


def test_the_draft_is_one_event_with_what_was_answered(admin):
    admin.post(url("provider-create"), details(enforcement="selected_domains", domains="acme.com"))
    event = ChangeEvent.objects.get(action__startswith="identity_provider.")
    assert event.action == "identity_provider.created"
    assert event.sentence == "admin@acme.example created the identity provider Okta Dev in DEV."
    assert event.after == {
        "name": "Okta Dev",
        "vendor": "okta",
        "enforcement": "selected_domains",
        "domains": ["acme.com"],
    }


def test_another_identity_provider_is_the_default_and_the_labels_are_those_of_the_product(admin):
    response = admin.get(url("provider-create"))
    labels = [str(field.label) for field in response.context["form"]]
    assert labels[0] == "Identity provider (IdP) name"
    assert labels[2:] == ["Enforce SAML authentication for", "Specify domains"]
    assert response.context["form"]["vendor"].value() == "other"
    choices = [str(label) for _, label in response.context["form"]["enforcement"].field.choices]
    assert choices == ["No one yet", "All domains", "Selected domains"]


@pytest.mark.parametrize("name", ["Okta Dev", " okta   DEV ", "ＯＫＴＡ dev"])
def test_a_name_that_the_workspace_has_is_refused_at_its_field(admin, draft, name):
    response = admin.post(url("provider-create"), details(name=name))
    assert "already has an identity provider named" in errors(response)["name"]
    assert IdentityProvider.objects.count() == 1


def test_another_workspace_may_have_the_same_name(admin, draft):
    factories.identity_provider(factories.workspace("globex").environments.first(), name="Entra")
    assert admin.post(url("provider-create"), details(name="Entra")).status_code == 302


def test_domains_are_compared_in_one_form_and_shown_as_people_write_them(admin):
    admin.post(
        url("provider-create"),
        details(enforcement="selected_domains", domains=" ACME.com, @müller.DE,acme.com.,, straße.de "),
    )
    use = EnvironmentProvider.objects.get()
    assert use.domains == ["acme.com", "xn--mller-kva.de", "xn--strae-oqa.de"]
    form = admin.get(url("provider-edit", provider=use.identity_provider_id)).context["form"]
    assert form["domains"].value() == "acme.com, müller.de, straße.de"


@pytest.mark.parametrize("wrong", ["acme", "ada@acme.com", "https://acme.com", "*.acme.com", "a b.com", "-acme.com"])
def test_a_wrong_domain_is_named_and_everything_typed_is_kept(admin, wrong):
    typed = details(name="My IdP", vendor="entra", enforcement="selected_domains", domains=f"Acme.com, {wrong}")
    response = admin.post(url("provider-create"), typed)
    assert f"“{wrong}” is not a whole domain" in errors(response)["domains"]
    form = response.context["form"]
    assert {name: form[name].value() for name in typed} == typed
    assert not IdentityProvider.objects.exists()


@pytest.mark.parametrize("nothing", ["", " , "])
def test_selected_domains_need_a_domain(admin, nothing):
    response = admin.post(url("provider-create"), details(enforcement="selected_domains", domains=nothing))
    assert errors(response) == {"domains": "Enter at least one domain, for example acme.com."}


def test_domains_left_over_from_another_answer_do_not_count(admin):
    admin.post(url("provider-create"), details(enforcement="all_domains", domains="not a domain"))
    assert EnvironmentProvider.objects.get().domains == []


def test_all_mistakes_of_step_1_are_told_at_once(admin):
    response = admin.post(url("provider-create"), details(name=" ", enforcement="selected_domains"))
    assert errors(response).keys() == {"name", "domains"}


def test_a_draft_that_is_edited_goes_on_to_step_2_without_asking_anything_twice(admin, draft):
    form = admin.get(url("provider-edit", provider=draft.pk)).context["form"]
    assert {name: form[name].value() for name in details()} == details()
    response = admin.post(url("provider-edit", provider=draft.pk), details(name="Okta Test"))
    assert response.url == url("provider-connect", provider=draft.pk)
    draft.refresh_from_db()
    assert draft.name == "Okta Test"


def test_an_edit_is_one_event_of_what_changed_and_an_edit_of_nothing_is_none(admin, draft):
    admin.post(url("provider-edit", provider=draft.pk), details())
    assert not ChangeEvent.objects.filter(action="identity_provider.updated").exists()
    admin.post(url("provider-edit", provider=draft.pk), details(enforcement="all_domains"))
    event = ChangeEvent.objects.get(action="identity_provider.updated")
    assert (event.before, event.after) == ({"enforcement": "no_one"}, {"enforcement": "all_domains"})


def test_a_refused_new_name_stands_in_the_field_but_not_over_the_page(admin, draft):
    admin.post(url("provider-create"), details(name="Entra"))
    response = admin.post(url("provider-edit", provider=draft.pk), details(name="entra"))
    assert "named entra" in errors(response)["name"]
    assert response.context["title"] == "Okta Dev"
    draft.refresh_from_db()
    assert draft.name == "Okta Dev"


# Step 2: what it shows


def test_step_2_leads_back_and_shows_both_ways_without_javascript(admin, draft):
    text = page(admin.get(url("provider-connect", provider=draft.pk)))
    assert url("provider-edit", provider=draft.pk) in text
    for words in (
        "Single sign-on URL",
        "Service provider (SP) entity ID",
        "Do you have your identity provider metadata URL?",
        "Provide your metadata URL",
        "Metadata URL",
        "Provide your IdP information",
        "Identity provider single sign-on URL",
        "Identity provider issuer (entity ID)",
        "X.509 certificate(s)",
    ):
        assert words in text


def test_the_guide_is_that_of_the_chosen_vendor(admin, draft):
    assert "Audience URI (SP Entity ID)" in page(admin.get(url("provider-connect", provider=draft.pk)))
    admin.post(url("provider-edit", provider=draft.pk), details(vendor="entra"))
    text = page(admin.get(url("provider-connect", provider=draft.pk)))
    assert "Identifier (Entity ID)" in text and "Audience URI" not in text


def test_a_vendor_without_a_metadata_url_starts_with_no(admin, draft):
    admin.post(url("provider-edit", provider=draft.pk), details(vendor="google"))
    form = admin.get(url("provider-connect", provider=draft.pk)).context["form"]
    assert form["has_metadata_url"].value() == "no"


# Step 2: what is accepted


def test_set_up_with_typed_values_leads_back_to_the_tab_with_the_provider(admin, step2, draft):
    response = step2(values())
    assert response.url == url("environment")
    text = page(admin.get(response.url))
    assert "Okta Dev is set up." in text and "Set up" in text
    draft.refresh_from_db()
    assert (draft.entity_id, draft.sso_url, draft.metadata_source) == (ISSUER, SSO_URL, "fields")
    assert [each.fingerprint for each in draft.certificates.all()] == [fingerprint(VALID)]


def test_several_certificates_are_all_kept(step2, draft):
    step2(values(certificates=f"{pem(VALID)}\n{bare(NEXT)}"))
    assert {each.fingerprint for each in draft.certificates.all()} == {fingerprint(VALID), fingerprint(NEXT)}


def test_an_expired_certificate_beside_a_valid_one_is_accepted(step2, draft):
    assert step2(values(certificates=pem(EXPIRED) + pem(VALID))).status_code == 302
    assert draft.certificates.count() == 2


@pytest.mark.parametrize("way", [upload, lambda xml: {"has_metadata_url": "no", "metadata_xml": xml}])
def test_metadata_xml_is_uploaded_or_pasted(step2, draft, way):
    assert step2(way(idp_metadata(VALID, NEXT))).status_code == 302
    draft.refresh_from_db()
    assert (draft.entity_id, draft.sso_url, draft.sso_binding) == (ISSUER, SSO_URL, "post")
    assert draft.metadata_source == "xml" and draft.certificates.count() == 2


def test_s12_metadata_is_fetched_from_its_url(step2, draft, publisher):
    publisher.answer = 200, idp_metadata(VALID).encode()
    assert step2({"has_metadata_url": "yes", "metadata_url": metadata_url(publisher)}).status_code == 302
    draft.refresh_from_db()
    assert (draft.metadata_source, draft.metadata_url) == ("url", metadata_url(publisher))
    assert draft.entity_id == ISSUER and draft.metadata_fetched_at


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_the_network_is_asked(step2, monkeypatch):
    seen = []

    def fetch(url, **kwargs):
        seen.append(connection.in_atomic_block)
        return FetchResult(None, "unreachable")

    monkeypatch.setattr(idp_side, "fetch_metadata", fetch)
    step2({"has_metadata_url": "yes", "metadata_url": "https://idp.example/metadata"})
    assert seen == [False]


def test_only_the_chosen_way_counts(step2, draft):
    answers = values(metadata_url="http://nonsense", metadata_xml="")
    assert step2(answers).status_code == 302
    draft.refresh_from_db()
    assert draft.metadata_url == ""


def test_setting_up_is_one_event_with_fingerprints(step2):
    step2(values())
    event = ChangeEvent.objects.get(action="identity_provider.connected")
    assert event.sentence == "admin@acme.example set up the identity provider Okta Dev."
    assert event.after["certificates"] == [fingerprint(VALID)]
    assert event.after["issuer"] == ISSUER and event.before["certificates"] == []
    assert "BEGIN" not in str(event.after)


# Step 2: every mistake at its field, with everything typed kept


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


# Changing the connection of a provider that is set up


@pytest.fixture
def connected(step2, draft) -> IdentityProvider:
    step2(values())
    draft.refresh_from_db()
    return draft


def current(admin, provider) -> dict[str, str]:
    """The form's answers as a browser would send them back unchanged."""
    form = admin.get(url("provider-connect", provider=provider.pk)).context["form"]
    return {each.name: (each.value() or "").replace("\n", "\r\n") for each in form if each.name != "metadata_file"}


def changes() -> list[ChangeEvent]:
    return list(ChangeEvent.objects.filter(action="identity_provider.connection_changed"))


def test_step_2_shows_the_current_values_and_saving_them_changes_nothing(admin, step2, connected):
    assert current(admin, connected)["sso_url"] == SSO_URL
    response = step2(current(admin, connected))
    assert response.status_code == 302 and changes() == []
    assert "was not changed" in page(admin.get(response.url))


@pytest.mark.parametrize("way", ["fields", "xml"])
def test_what_is_left_unchanged_stays(admin, step2, draft, way):
    step2(values() if way == "fields" else upload(idp_metadata(VALID)))
    before = {each.pk for each in draft.certificates.all()}
    step2(current(admin, draft) | {"entity_id": "https://idp.example/new"})
    draft.refresh_from_db()
    assert (draft.entity_id, draft.sso_url) == ("https://idp.example/new", SSO_URL)
    assert {each.pk for each in draft.certificates.all()} == before


def test_metadata_saved_unchanged_stays_metadata(admin, step2, draft):
    step2(upload(idp_metadata(VALID)))
    step2(current(admin, draft))
    draft.refresh_from_db()
    assert (draft.metadata_source, draft.sso_binding) == ("xml", "post") and changes() == []


def test_new_certificates_replace_the_set_in_one_event(admin, step2, connected):
    step2(current(admin, connected) | {"certificates": pem(NEXT)})
    assert [each.fingerprint for each in connected.certificates.all()] == [fingerprint(NEXT)]
    (event,) = changes()
    assert (event.before, event.after) == (
        {"certificates": [fingerprint(VALID)]},
        {"certificates": [fingerprint(NEXT)]},
    )
    assert event.sentence == "admin@acme.example changed certificates of Okta Dev."


def test_certificates_that_have_expired_since_stay_while_something_else_changes(admin, step2, connected):
    connected.certificates.all().delete()
    expired = pem(EXPIRED)
    connected.certificates.create(
        pem=expired,
        fingerprint=fingerprint(EXPIRED),
        subject="CN=idp.example",
        not_before=EXPIRED.not_valid_before_utc,
        not_after=EXPIRED.not_valid_after_utc,
    )
    assert step2(current(admin, connected) | {"sso_url": "https://idp.example/new"}).status_code == 302


def test_a_wrong_change_leaves_the_connection_as_it_was(admin, step2, connected):
    response = step2(current(admin, connected) | {"sso_url": "http://idp.example/"})
    assert errors(response).keys() == {"sso_url"}
    connected.refresh_from_db()
    assert connected.sso_url == SSO_URL


def test_uploaded_metadata_replaces_values_that_were_left_as_they_were(admin, step2, connected):
    response = step2(current(admin, connected) | upload(idp_metadata(NEXT)))
    assert response.status_code == 302
    assert [each.fingerprint for each in connected.certificates.all()] == [fingerprint(NEXT)]


def test_saving_a_metadata_url_again_takes_over_what_it_says_now(admin, step2, draft, publisher):
    publisher.answer = 200, idp_metadata(VALID).encode()
    step2({"has_metadata_url": "yes", "metadata_url": metadata_url(publisher)})
    publisher.answer = 200, idp_metadata(VALID, NEXT).encode()
    step2(current(admin, draft))
    assert draft.certificates.count() == 2
    assert len(changes()) == 1


def test_a_shared_provider_says_where_a_change_counts_too(admin, connected, dev):
    other = dev.workspace.environments.get(slug="prod")
    EnvironmentProvider.objects.create(environment=other, identity_provider=connected)
    for route in ("provider-edit", "provider-connect"):
        assert "shared with PROD" in page(admin.get(url(route, provider=connected.pk)))


def test_step_2_keeps_what_was_typed_when_the_signing_key_cannot_be_opened(admin, dev, draft, settings):
    signing_key(dev.workspace)
    settings.SECRETS_KEYS = ["another key"]
    xml = idp_metadata(VALID).replace("<IDPSSODescriptor ", '<IDPSSODescriptor WantAuthnRequestsSigned="true" ')
    response = admin.post(url("provider-connect", provider=draft.pk), {"has_metadata_url": "no", "metadata_xml": xml})
    assert "SECRETS_KEYS" in errors(response)["__all__"]
    assert "WantAuthnRequestsSigned" in page(response)
    draft.refresh_from_db()
    assert not draft.is_set_up
