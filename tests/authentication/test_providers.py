from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from authentication.actions import identity_providers as actions
from authentication.actions import provider_use
from authentication.actions.policies import switch_password, switch_saml
from authentication.actions.provider_connection import connect_provider
from authentication.idp_side import typed_in
from authentication.models import EnvironmentPolicy, EnvironmentProvider, IdentityProvider, SigningCertificate
from authentication.saml.certificates import parse_certificates
from tests import factories
from tests.authentication.certificates import NOW, fingerprint, make, pem
from tests.authentication.end_users import enforce
from workspace.events import SYSTEM
from workspace.models import ChangeEvent, Environment
from workspace.refusals import ActionError

TODAY = (datetime.now(UTC) - NOW).days


@pytest.fixture
def dev(db) -> Environment:
    environment = factories.workspace().environments.get(slug="dev")
    switch_saml(environment=environment, is_enabled=True, by=SYSTEM)
    return environment


@pytest.fixture
def prod(dev) -> Environment:
    environment = dev.workspace.environments.get(slug="prod")
    switch_saml(environment=environment, is_enabled=True, by=SYSTEM)
    return environment


@pytest.fixture
def admin(client, dev):
    return factories.sign_in(client, factories.administrator(dev.workspace, "admin"))


def draft(environment: Environment, name="Okta Dev", **details) -> EnvironmentProvider:
    answers = {"vendor": "okta", "enforcement": "no_one"} | details
    return actions.create_provider(environment=environment, name=name, by=SYSTEM, **answers)


def connect(environment_provider: EnvironmentProvider, *certificates) -> EnvironmentProvider:
    text = "".join(pem(each) for each in certificates or [make(days=TODAY + 300)])
    metadata = typed_in(
        environment_provider.identity_provider,
        "https://idp.example/sso",
        "https://idp.example",
        parse_certificates(text),
    )
    connect_provider(
        environment_provider=environment_provider, metadata=metadata, source="fields", by=SYSTEM, now=timezone.now()
    )
    return environment_provider


@pytest.fixture
def okta(dev) -> EnvironmentProvider:
    return connect(draft(dev))


def url(route: str, environment="dev", **kwargs) -> str:
    return reverse(f"authentication:{route}", kwargs={"workspace": "acme", "environment": environment, **kwargs})


def of(environment_provider: EnvironmentProvider, route: str, environment="dev") -> str:
    return url(route, environment, provider=environment_provider.identity_provider_id)


def text(response) -> str:
    return response.content.decode()


def the_row(client, environment="dev") -> dict:
    (row,) = client.get(url("environment", environment)).context["rows"]
    return row


def labels(row: dict) -> list[str]:
    return [item["label"] for item in row["menu"]]


def button(row: dict) -> tuple[str, str]:
    return row["button"]["label"], row["button"]["url"]


def events(action: str) -> list[ChangeEvent]:
    return list(ChangeEvent.objects.filter(action=action))


# The list


def test_without_a_provider_the_tab_offers_to_set_one_up(admin):
    page = text(admin.get(url("environment")))
    assert "No identity provider yet" in page and url("provider-create") in page


def test_a_draft_is_listed_as_not_finished_and_leads_on_to_step_2(admin, dev):
    environment_provider = draft(dev, enforcement="all_domains")
    row = the_row(admin)
    assert row["environment_provider"].state.label == "Set-up not finished"
    assert button(row) == ("Continue set-up", of(environment_provider, "provider-connect"))
    assert (row["enforcement"], row["wish"]) == ("Enforced for no one yet", "all domains")
    assert labels(row) == ["Edit", "End user & group provisioning", "Remove"]


def test_a_provider_that_is_set_up_leads_to_its_provisioning(admin, okta):
    row = the_row(admin)
    setup = reverse(
        "provisioning:setup",
        kwargs={"workspace": "acme", "environment": "dev", "provider": okta.identity_provider_id},
    )
    assert button(row) == ("Set up", setup)
    assert row["environment_provider"].state.label == "On"
    assert "Provisioning is not chosen yet" in text(admin.get(url("environment")))
    assert labels(row) == [
        "Edit",
        "End user & group provisioning",
        "Test sign-in",
        "Certificates",
        "Sign-in settings",
        "Use in another environment",
        "Turn off",
        "Remove",
    ]


def test_a_saved_method_is_shown_in_place_of_set_up(admin, okta):
    okta.method, okta.is_method_chosen = "scim", True
    okta.save()
    assert the_row(admin)["button"] is None
    page = text(admin.get(url("environment")))
    assert "Provisioning method: SCIM provisioning" in page and "Provisioning is not chosen yet" not in page


@pytest.mark.parametrize(
    ("details", "words"),
    [
        ({"enforcement": "no_one"}, "Enforced for no one yet"),
        ({"enforcement": "all_domains"}, "Enforced for all domains"),
        (
            {"enforcement": "selected_domains", "domains": ["acme.com", "Müller.de"]},
            "Enforced for acme.com and müller.de",
        ),
    ],
)
def test_enforcement_is_told_in_words(admin, dev, details, words):
    environment_provider = connect(draft(dev, **details))
    enforce(environment_provider)
    assert the_row(admin)["enforcement"] == words
    provider_use.disable_provider(environment_provider=environment_provider, by=SYSTEM)
    if details["enforcement"] != "no_one":
        assert the_row(admin)["enforcement"] == f"{words} once turned on"


@pytest.mark.parametrize(("days", "says"), [(300, ""), (20, "Certificate expires"), (-1, "Certificate expired")])
def test_the_last_certificate_to_expire_is_warned_about(admin, dev, days, says):
    connect(draft(dev), make(days=TODAY + days), make(days=TODAY - 40))
    badge = the_row(admin)["certificate"]
    assert badge is None if not says else badge["word"].startswith(says)


def test_a_provider_of_another_environment_is_offered(admin, okta, prod):
    response = admin.get(url("environment", "prod"))
    (offer,) = response.context["offers"]
    assert (offer["provider"], offer["used_in"]) == (okta.identity_provider, "DEV")
    assert "Use in PROD" in text(response)


def test_a_draft_of_another_environment_is_not_offered(admin, dev, prod):
    draft(dev)
    assert admin.get(url("environment", "prod")).context["offers"] == []


@pytest.mark.parametrize("count", [1, 6])
def test_the_list_asks_the_database_the_same_however_long_it_is(admin, dev, prod, count, django_assert_max_num_queries):
    for number in range(count):
        connect(draft(dev, name=f"Okta {number}"))
        connect(draft(prod, name=f"Entra {number}"))
    with django_assert_max_num_queries(16):
        admin.get(url("environment"))


# Turn off and on


def test_turn_off_and_on_are_one_event_each(admin, okta):
    response = admin.post(of(okta, "provider-disable"), follow=True)
    assert "Okta Dev is off in DEV." in text(response)
    assert the_row(admin)["environment_provider"].state.label == "Off"
    assert button(the_row(admin)) == ("Turn on", of(okta, "provider-enable")) and "Turn off" not in labels(
        the_row(admin)
    )
    (event,) = events("identity_provider.disabled")
    assert event.sentence == "admin@acme.example turned Okta Dev off in DEV."
    admin.post(of(okta, "provider-enable"))
    admin.post(of(okta, "provider-enable"))
    assert len(events("identity_provider.enabled")) == 1
    okta.refresh_from_db()
    assert okta.is_enabled


def test_a_provider_is_turned_off_in_one_environment_only(admin, okta, prod):
    provider_use.use_provider(provider=okta.identity_provider, environment=prod, by=SYSTEM)
    admin.post(of(okta, "provider-disable"))
    assert the_row(admin, "prod")["environment_provider"].state.label == "On"


@pytest.mark.parametrize("route", ["provider-disable", "provider-remove"])
def test_the_last_way_to_sign_in_stays(admin, dev, okta, route):
    switch_password(environment=dev, is_enabled=False, by=SYSTEM)
    response = admin.post(of(okta, route), follow=True)
    assert "Nobody could sign in to DEV then: switch Password authentication on first." in text(response)
    okta.refresh_from_db()
    assert okta.is_enabled
    assert not events("identity_provider.disabled") and not events("identity_provider.removed")


@pytest.mark.parametrize("route", ["provider-enable", "provider-disable"])
def test_turning_takes_a_post_only(admin, okta, route):
    assert admin.get(of(okta, route))["Location"] == url("environment")


# Certificates


def test_the_certificates_page_shows_each_with_fingerprint_key_and_validity(admin, dev):
    valid, expired = make(days=TODAY + 300), make(name="old.example", days=TODAY - 1)
    environment_provider = connect(draft(dev), valid, expired)
    page = text(admin.get(of(environment_provider, "provider-certificates")))
    assert fingerprint(valid) in page and fingerprint(expired) in page
    assert "CN=old.example" in page and "EC P-256" in page and "Certificate expired" in page
    assert of(environment_provider, "provider-connect") in page


def test_a_draft_has_no_certificate_yet(admin, dev):
    assert "No certificate yet" in text(admin.get(of(draft(dev), "provider-certificates")))


def test_a_long_subject_is_shortened_to_what_fits(dev):
    environment_provider = draft(dev)
    (certificate,) = parse_certificates(pem(make(name="x" * 60, days=TODAY)))
    metadata = typed_in(
        environment_provider.identity_provider, "https://idp.example/sso", "https://idp.example", (certificate,)
    )
    connect_provider(
        environment_provider=environment_provider, metadata=metadata, source="fields", by=SYSTEM, now=timezone.now()
    )
    assert SigningCertificate.objects.get().subject == certificate.subject[:500]


# Use in another environment


def test_the_page_lets_choose_among_the_environments_that_do_not_use_it(admin, okta, prod):
    response = admin.get(of(okta, "provider-use"))
    assert [(each["environment"].name, each["is_used"]) for each in response.context["choices"]] == [
        ("DEV", True),
        ("TEST", False),
        ("PROD", False),
    ]


def test_another_environment_uses_it_with_decisions_of_its_own(admin, okta, prod):
    response = admin.post(of(okta, "provider-use", "prod"), follow=True)
    assert response.redirect_chain[0][0] == url("environment", "prod")
    environment_provider = prod.providers.get()
    assert environment_provider.identity_provider == okta.identity_provider
    assert (
        environment_provider.enforcement,
        environment_provider.method,
        environment_provider.is_method_chosen,
        environment_provider.is_enabled,
    ) == ("no_one", "manual", False, True)
    (event,) = events("identity_provider.used")
    assert event.sentence == "admin@acme.example let PROD use the identity provider Okta Dev."
    assert event.environment_name == "PROD"


def test_using_it_twice_is_refused_with_a_sentence(admin, okta):
    response = admin.post(of(okta, "provider-use"), follow=True)
    assert "DEV uses Okta Dev already." in text(response)
    assert EnvironmentProvider.objects.count() == 1


def test_a_draft_cannot_be_used_elsewhere(dev, prod):
    with pytest.raises(ActionError, match="Finish the set-up"):
        provider_use.use_provider(provider=draft(dev).identity_provider, environment=prod, by=SYSTEM)


# Remove


def test_the_removal_is_confirmed_in_numbers(admin, dev, okta):
    for name in ("Ada Winter", "Ben Summer"):
        factories.end_user(dev, name=name)
    page = text(admin.get(of(okta, "provider-remove")))
    assert "2 end users have access to DEV." in page
    assert "its connection and certificates will be deleted" in page
    assert EnvironmentProvider.objects.exists()


def test_the_last_use_takes_the_provider_with_it(admin, okta):
    response = admin.post(of(okta, "provider-remove"), follow=True)
    assert "Okta Dev was removed from DEV." in text(response)
    assert not IdentityProvider.objects.exists() and not SigningCertificate.objects.exists()
    (event,) = events("identity_provider.removed")
    assert event.subject_id == str(okta.identity_provider_id)
    assert event.after == {"provider_deleted": True} and event.before["certificates"]


def test_a_provider_that_another_environment_uses_stays(admin, okta, prod):
    provider_use.use_provider(provider=okta.identity_provider, environment=prod, by=SYSTEM)
    assert "PROD will go on using it." in text(admin.get(of(okta, "provider-remove")))
    admin.post(of(okta, "provider-remove"))
    assert [
        environment_provider.environment for environment_provider in okta.identity_provider.environment_providers.all()
    ] == [prod]
    assert events("identity_provider.removed")[0].after == {"provider_deleted": False}


def test_a_provider_that_provisions_by_scim_sends_to_its_provisioning_first(admin, okta):
    okta.method, okta.is_method_chosen = "scim", True
    okta.save()
    page = text(admin.get(of(okta, "provider-remove")))
    setup = reverse(
        "provisioning:setup",
        kwargs={"workspace": "acme", "environment": "dev", "provider": okta.identity_provider_id},
    )
    assert "Change its provisioning method to Manual provisioning first" in page and setup in page
    assert "confirmation-effect" not in page
    response = admin.post(of(okta, "provider-remove"), follow=True)
    assert "Change its provisioning method to Manual provisioning first" in text(response)
    assert EnvironmentProvider.objects.exists() and not events("identity_provider.removed")


def test_a_draft_is_removed_like_any_other(admin, dev):
    environment_provider = draft(dev)
    admin.post(of(environment_provider, "provider-remove"))
    assert not IdentityProvider.objects.exists()
    assert EnvironmentPolicy.objects.of(dev).is_saml_enabled


# Actions that other callers than the wizard use


@pytest.mark.parametrize(
    ("details", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"enforcement": "selected_domains"}, "domains"),
        ({"enforcement": "selected_domains", "domains": ["acme"]}, "domains"),
    ],
)
def test_actions_name_the_field_of_a_refusal_and_keep_nothing(dev, details, field):
    with pytest.raises(ActionError) as refusal:
        draft(dev, **details)
    assert refusal.value.field == field
    assert not IdentityProvider.objects.exists()


def test_metadata_that_is_fetched_again_unchanged_only_notes_when(okta):
    provider = IdentityProvider.objects.get()
    certificates = parse_certificates("".join(each.pem for each in provider.certificates.all()))
    metadata = typed_in(provider, provider.sso_url, provider.entity_id, certificates)
    answers = {
        "environment_provider": okta,
        "metadata": metadata,
        "source": "url",
        "metadata_url": "https://idp.example/m",
    }
    assert connect_provider(**answers, by=SYSTEM, now=timezone.now())
    first = IdentityProvider.objects.get().metadata_fetched_at
    assert not connect_provider(**answers, by=SYSTEM, now=timezone.now())
    assert IdentityProvider.objects.get().metadata_fetched_at > first - timedelta(seconds=1)
    assert len(events("identity_provider.connection_changed")) == 1
