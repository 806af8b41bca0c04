"""The two steps that set up an identity provider."""

import pytest
from django.db import connection

from authentication import idp_side
from authentication.models import EnvironmentProvider, IdentityProvider
from tests import factories
from tests.authentication.certificates import bare, fingerprint, pem
from tests.authentication.wizard import (
    EXPIRED,
    ISSUER,
    NEXT,
    SSO_URL,
    VALID,
    details,
    errors,
    idp_metadata,
    metadata_url,
    page,
    upload,
    url,
    values,
)
from workspace.models import ChangeEvent
from workspace.outgoing import FetchResult

# Step 1


def test_next_keeps_a_draft_whose_urls_are_final_and_goes_on_to_step_2(admin):
    response = admin.post(url("provider-create"), details(enforcement="all_domains"))
    environment_provider = EnvironmentProvider.objects.get()
    provider = environment_provider.identity_provider
    assert response.url == url("provider-connect", provider=provider.pk)
    assert (provider.name, provider.vendor, provider.is_set_up) == ("Okta Dev", "okta", False)
    assert (environment_provider.enforcement, environment_provider.wished_enforcement) == ("no_one", "all_domains")
    text = page(admin.get(response.url))
    assert provider.acs_url in text and provider.sp_entity_id in text


def test_the_draft_is_one_event_with_what_was_answered(admin):
    admin.post(url("provider-create"), details(enforcement="selected_domains", domains="acme.com"))
    event = ChangeEvent.objects.get(action__startswith="identity_provider.")
    assert event.action == "identity_provider.created"
    assert event.sentence == (
        "admin@acme.example created the identity provider Okta Dev in DEV. "
        "Enforcement for acme.com starts after a test sign-in."
    )
    wish = {"wished_enforcement": "selected_domains", "wished_domains": ["acme.com"]}
    assert event.after == {"name": "Okta Dev", "vendor": "okta", "enforcement": "no_one", "domains": []} | wish


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
    environment_provider = EnvironmentProvider.objects.get()
    assert environment_provider.wished_domains == ["acme.com", "xn--mller-kva.de", "xn--strae-oqa.de"]
    form = admin.get(url("provider-edit", provider=environment_provider.identity_provider_id)).context["form"]
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
    admin.post(url("provider-edit", provider=draft.pk), details(vendor="entra"))
    event = ChangeEvent.objects.get(action="identity_provider.updated")
    assert (event.before, event.after) == ({"vendor": "okta"}, {"vendor": "entra"})


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
        "Specify Single sign-on URL",
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
    assert "Okta Dev is connected." in text and "Set up" in text and "is set up" not in text
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
