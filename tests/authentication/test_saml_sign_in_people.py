"""S9 to S11: who is signed in, who no longer is, and where they land. JIT: test_jit.py."""

from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.utils import timezone

from authentication.actions.policies import switch_saml
from authentication.actions.provider_use import disable_provider, remove_provider, use_provider
from authentication.models import EndUserSession, EnvironmentProvider, SamlIdentity
from tests import factories
from tests.authentication.end_users import person, url
from tests.authentication.ways import ADA, Way, connect, reasons, refused, way
from tests.idp import EMAIL, PERSISTENT, Idp, encode
from workspace.actions.access import set_manual_access
from workspace.actions.end_users import deactivate_end_user, update_profile
from workspace.actions.workspaces import remove_workspace
from workspace.events import SYSTEM
from workspace.models import Administrator, EndUser, User
from workspace.profile import Profile

pytestmark = pytest.mark.django_db


# S9: what was switched off meanwhile. ---------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["at the IdP", "stored"])
@pytest.mark.parametrize("off", ["provider", "saml", "workspace"])
def test_s9_what_was_switched_off_meanwhile_is_refused(okta, ada, off, step):
    xml = okta.idp.respond(okta.answer(okta.begin()))
    stored = okta.deliver(xml)["Location"] if step == "stored" else ""
    if off == "provider":
        disable_provider(environment_provider=okta.environment_provider, by=SYSTEM)
    elif off == "workspace":
        remove_workspace(workspace=okta.environment.workspace, by=SYSTEM, now=timezone.now())
    else:
        switch_saml(environment=okta.environment, is_enabled=False, by=SYSTEM)
    refused(okta.browser.get(stored) if stored else okta.post(xml), "provider_off")


def test_s9_in_a_removed_workspace_no_session_counts(okta, ada):
    okta.sign_in()
    assert okta.is_in()
    remove_workspace(workspace=okta.environment.workspace, by=SYSTEM, now=timezone.now())
    assert not okta.is_in()


def test_s9_a_person_deactivated_meanwhile_is_refused(okta, ada):
    xml = okta.idp.respond(okta.answer(okta.begin()))
    deactivate_end_user(end_user=ada, by=SYSTEM)
    assert refused(okta.post(xml), "deactivated").end_user == ada


def test_s9_a_person_who_lost_access_meanwhile_is_refused(okta, ada):
    xml = okta.idp.respond(okta.answer(okta.begin()))
    set_manual_access(end_user=ada, environments=[], by=SYSTEM)
    assert refused(okta.post(xml), "no_access").end_user == ada


def test_s9_a_certificate_replaced_meanwhile_counts_no_longer(okta, ada):
    xml = okta.idp.respond(okta.answer(okta.begin()))
    connect(okta.environment_provider, Idp())
    refused(okta.post(xml), "certificate_unknown")


@pytest.mark.parametrize("step", ["at the IdP", "stored"])
def test_s9_a_provider_removed_meanwhile_is_refused(okta, places, ada, step):
    use_provider(provider=okta.environment_provider.identity_provider, environment=places[0], by=SYSTEM)
    xml = okta.idp.respond(okta.answer(okta.begin()))
    stored = okta.deliver(xml)["Location"] if step == "stored" else ""
    remove_provider(environment_provider=okta.environment_provider, by=SYSTEM)
    refused(okta.browser.get(stored) if stored else okta.post(xml), "request_gone")


def test_s9_a_domain_given_to_another_provider_meanwhile_is_refused(okta, places, ada):
    xml = okta.idp.respond(okta.answer(okta.begin()))
    other = way(places[1], "Entra")
    EnvironmentProvider.objects.filter(pk=other.environment_provider.pk).update(
        enforcement="selected_domains", domains=["acme.example"]
    )
    refused(okta.post(xml), "foreign_domain")


def test_s9_deactivation_ends_the_session_that_saml_began(okta, ada):
    okta.sign_in()
    deactivate_end_user(end_user=ada, by=SYSTEM)
    assert not okta.is_in()


# S10: nobody is led elsewhere. ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example/",
        "//evil.example",
        "/operator/",
        "javascript:alert(1)",
        "/sign-in/globex/test/account/",
        "/sign-in/acme/test/account/\0",
        "/sign-in/acme/test/account/" + "a" * 500,
    ],
)
def test_s10_nobody_is_sent_to_another_place(okta, ada, path):
    xml = okta.idp.respond(okta.answer(okta.begin(f"?next={quote(path)}")))
    assert okta.post(xml, relay_state=path)["Location"] == url(okta.environment, "account/")


def test_s10_the_way_on_from_the_acs_is_on_our_own_origin(okta, ada, settings):
    settings.ALLOWED_HOSTS = ["*"]
    xml = okta.idp.respond(okta.answer(okta.begin()))
    stored = Client().post(okta.acs, {"SAMLResponse": encode(xml)}, headers={"Host": "evil.example"})
    assert stored["Location"].startswith(f"{okta.environment_provider.identity_provider.acs_url}/")


# S11: whom a NameID means. --------------------------------------------------------------------------------------------


def test_s11_a_provider_of_selected_domains_speaks_for_those_alone(okta, ada):
    EnvironmentProvider.objects.update(enforcement="selected_domains", domains=["globex.example"])
    refused(okta.sign_in(), "foreign_domain")


def test_s11_nobody_else_speaks_for_a_domain_that_was_given_to_a_provider(okta, places, ada):
    other = way(places[1], "Entra")
    EnvironmentProvider.objects.filter(pk=other.environment_provider.pk).update(
        enforcement="selected_domains", domains=["acme.example"]
    )
    refused(okta.sign_in(), "foreign_domain")
    assert other.sign_in().status_code == 302


def test_s11_the_same_nameid_is_the_same_person_whatever_the_address(okta, ada):
    for email in (ADA, "somebody.else@acme.example"):
        assert named(okta, "u-1", email).status_code == 302
    assert {session.end_user for session in EndUserSession.objects.all()} == {ada}
    assert EndUser.objects.get().email == ADA


def test_s11_the_same_nameid_of_another_idp_or_format_is_not_the_same_person(okta, places, ada):
    named(okta, "u-1", ADA)
    other = way(places[1], "Entra")
    assert named(other, "u-1", "").status_code == 403
    assert okta.sign_in("u-1", name_id_format=EMAIL).status_code == 403
    connect(okta.environment_provider, Idp(entity_id="https://another.example"))
    okta.idp = Idp(entity_id="https://another.example")
    connect(okta.environment_provider, okta.idp)
    assert named(okta, "u-1", "").status_code == 403
    assert reasons() == ["", "no_email", "no_email", "no_email"]


def test_s11_a_recycled_address_does_not_bring_in_somebody_else(okta, ada):
    for name_id in ("u-1", "u-2"):
        response = named(okta, name_id, ADA)
    assert response.status_code == 403 and reasons() == ["", "identity_taken"]


def test_s11_a_nameid_that_is_the_address_goes_to_who_has_the_address_now(okta, places, ada):
    assert okta.sign_in().status_code == 302 and not SamlIdentity.objects.exists()
    update_profile(end_user=ada, profile=Profile("Ada Winter", "ada.summer@acme.example", SYSTEM.source), by=SYSTEM)
    successor = person(places[1], name="Ada Winter", password="")
    okta.sign_in()
    assert EndUserSession.objects.latest("id").end_user == successor


def test_s11_an_address_becomes_no_console_account(okta, places):
    owner = factories.administrator(places[0].workspace)
    operator = User.objects.create_superuser("operator@acme.example", "correct horse battery")
    accounts = list(User.objects.order_by("pk").values())
    jit = way(places[2], "Entra", method=EnvironmentProvider.Method.JIT)
    for email in (owner.user.email, operator.email):
        jit.browser = Client()
        assert jit.sign_in(email).status_code == 302 and jit.is_in()
        for page in ("/workspaces/acme/prod/groups/", "/operator/"):
            assert "next=" in jit.browser.get(page)["Location"]
    assert list(User.objects.order_by("pk").values()) == accounts
    assert Administrator.objects.get() == owner


def named(theirs: Way, name_id: str, email: str) -> Any:
    attributes = {"email": [email]} if email else {}
    return theirs.sign_in(name_id, name_id_format=PERSISTENT, attributes=attributes)
