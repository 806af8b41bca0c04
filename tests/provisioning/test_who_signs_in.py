"""Who signs in: the person of the NameID, else of the provider's own SCIM record, else of the address (product.md)."""

import pytest
from django.test import Client
from django.utils import timezone

from authentication.actions.passwords import invite_end_user, request_password_reset, send_password_reset
from authentication.actions.policies import switch_saml
from authentication.actions.provider_use import disable_provider
from authentication.losses import count_of_those_through, loss_by
from authentication.models import EndUserSession, EnvironmentProvider, SamlIdentity
from authentication.policy import SignInPolicy
from tests import factories
from tests.authentication.end_users import url
from tests.authentication.ways import Way, reasons, refused, way
from tests.idp import EMAIL, PERSISTENT
from tests.provisioning.users import create, person
from tests.scim import Scim
from tests.workspace.pages import text
from workspace.events import SYSTEM
from workspace.models import EndUser, OutgoingMail
from workspace.refusals import ActionError
from workspace.visits import Visit

pytestmark = pytest.mark.django_db
UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"


@pytest.fixture
def okta(dev) -> Way:
    return way(dev)


@pytest.fixture
def scim(okta) -> Scim:
    return pushing(okta)


def pushing(there: Way) -> Scim:
    """The SCIM client of the way's own provider, once its method is SCIM."""
    token = factories.scim_token(there.environment_provider)
    there.environment_provider = EnvironmentProvider.objects.select_related("environment__workspace").get(
        pk=there.environment_provider.pk
    )
    return Scim(there.environment_provider.connection, token)


def signed_in(okta, name_id, **changes):
    """Who is signed in by this NameID."""
    okta.browser = Client()
    response = okta.sign_in(name_id, **{"name_id_format": PERSISTENT, "attributes": {}} | changes)
    assert response.status_code == 302, reasons()
    return EndUserSession.objects.latest("created_at").end_user


@pytest.mark.parametrize("name_id_format", [EMAIL, PERSISTENT, UNSPECIFIED])
@pytest.mark.parametrize("name_id", ["scim-test-1", "SCIM-Test-1", "ｓcim-test-1", "00u1"])
def test_user_name_by_its_key_and_external_id_exactly_name_the_person(okta, scim, name_id, name_id_format):
    test = person(scim, create(scim, "scim-test-1", externalId="00u1"))
    assert signed_in(okta, name_id, name_id_format=name_id_format) == test
    assert not SamlIdentity.objects.exists()
    attempt = okta.environment.sign_in_attempts.get()
    assert (attempt.email, attempt.end_user) == ("scim-test-1", test)


def test_another_spelling_of_the_external_id_names_nobody(okta, scim):
    create(scim, "scim-test-1", externalId="00u1")
    refused(okta.sign_in("00U1", name_id_format=PERSISTENT, attributes={}), "no_email")


def test_an_external_id_of_several_names_nobody(okta, scim):
    for name in ("john@a.example", "john@b.example"):
        create(scim, name, externalId="john")
    attempt = refused(okta.sign_in("john", name_id_format=PERSISTENT, attributes={}), "ambiguous_name_id")
    assert attempt.end_user is None
    assert signed_in(okta, "john@b.example").email == "john@b.example"


def test_a_user_name_that_is_the_external_id_of_another_names_nobody(okta, scim):
    create(scim, "one", externalId="two")
    create(scim, "two", externalId="2")
    refused(okta.sign_in("two", name_id_format=PERSISTENT, attributes={"email": ["x@a.example"]}), "ambiguous_name_id")


def test_the_name_id_that_was_bound_comes_first(okta, scim):
    ada = person(scim, create(scim, "ada@a.example", externalId="1"))
    assert signed_in(okta, "opaque", attributes={"email": ["ada@a.example"]}) == ada
    create(scim, "opaque", externalId="2")
    assert signed_in(okta, "opaque") == ada


def test_the_record_comes_before_the_address(okta, scim):
    admin = person(scim, create(scim, "adm-kate", "kate@q.example"))
    kate = person(scim, create(scim, "kate@q.example", "kate@q.example"))
    assert (admin.email, kate.email) == ("kate@q.example", "")
    assert signed_in(okta, "kate@q.example", name_id_format=EMAIL) == kate
    assert signed_in(okta, "adm-kate", attributes={"email": ["kate@q.example"]}) == admin


def test_a_user_name_that_changed_still_names_the_person(okta, scim):
    pk = create(scim, "old-name")
    test = signed_in(okta, "old-name")
    assert scim.patch(f"/Users/{pk}", {"op": "replace", "path": "userName", "value": "new-name"}).status == 200
    assert signed_in(okta, "new-name") == test
    okta.browser = Client()
    assert okta.sign_in("old-name", name_id_format=PERSISTENT, attributes={}).status_code == 403


def test_only_the_providers_own_connection_counts(okta, scim, prod):
    elsewhere = way(prod, "Entra")
    other = pushing(elsewhere)
    create(other, "scim-test-1")
    refused(okta.sign_in("scim-test-1", name_id_format=PERSISTENT, attributes={}), "no_email")
    assert signed_in(elsewhere, "scim-test-1").user_name == "scim-test-1"


@pytest.mark.parametrize("off", ["connection", "method"])
def test_records_of_a_connection_that_is_off_name_nobody(okta, scim, off):
    create(scim, "scim-test-1")
    if off == "connection":
        type(scim.connection).objects.update(is_enabled=False)
    else:
        EnvironmentProvider.objects.update(method="jit")
    refused(okta.sign_in("scim-test-1", name_id_format=PERSISTENT, attributes={}), "no_email")


def test_whoever_was_switched_off_is_told_so(okta, scim):
    pk = create(scim, "scim-test-1")
    scim.patch(f"/Users/{pk}", {"op": "replace", "path": "active", "value": False})
    attempt = refused(okta.sign_in("scim-test-1", name_id_format=PERSISTENT, attributes={}), "deactivated")
    assert (attempt.email, attempt.end_user) == ("scim-test-1", person(scim, pk))


def test_a_record_speaks_for_no_address_of_another_provider(okta, scim, dev):
    create(scim, "ada", "ada@acme.example")
    other = way(dev, "Partner")
    EnvironmentProvider.objects.filter(pk=other.environment_provider.pk).update(
        enforcement="selected_domains", domains=["acme.example"]
    )
    refused(okta.sign_in("ada", name_id_format=PERSISTENT, attributes={}), "foreign_domain")


def test_without_an_address_no_selected_domain_keeps_anybody_out(okta, scim):
    EnvironmentProvider.objects.update(enforcement="selected_domains", domains=["acme.example"])
    test = person(scim, create(scim, "scim-test-1"))
    assert [each.pk for each in SignInPolicy.of(okta.environment).ways("scim-test-1").providers] == [
        okta.environment_provider.pk
    ]
    assert signed_in(okta, "scim-test-1") == test


def test_jit_still_needs_an_address(okta):
    EnvironmentProvider.objects.update(method="jit")
    refused(okta.sign_in("scim-test-1", name_id_format=PERSISTENT, attributes={}), "no_email")
    assert not EndUser.objects.exists()


@pytest.mark.parametrize("address", ["müller@acme.example", "최상수@acme.example", "anna@bücher.example"])
def test_jit_takes_letters_of_all_scripts(okta, address):
    EnvironmentProvider.objects.update(method="jit")
    anna = signed_in(okta, address, name_id_format=EMAIL)
    assert anna.email == address
    assert signed_in(okta, address.replace("bücher", "xn--bcher-kva"), name_id_format=EMAIL) == anna


def test_a_selected_domain_is_the_same_in_both_forms(okta, prod):
    EnvironmentProvider.objects.update(method="jit", enforcement="selected_domains", domains=["xn--bcher-kva.example"])
    for domain in ("bücher.example", "xn--bcher-kva.example", "BÜCHER.example"):
        assert signed_in(okta, f"anna@{domain}", name_id_format=EMAIL).email == "anna@bücher.example"
    assert EndUser.objects.count() == 1


def test_no_link_for_a_password_is_mailed_without_an_address(okta, scim):
    switch_saml(environment=okta.environment, is_enabled=False, by=SYSTEM)
    test = person(scim, create(scim, "scim-test-1"))
    for send in (invite_end_user, send_password_reset):
        with pytest.raises(ActionError, match="no email address"):
            send(end_user=test, environment=okta.environment, by=SYSTEM, now=timezone.now())
    for typed in ("scim-test-1", ""):
        request_password_reset(environment=okta.environment, email=typed, visit=Visit(), now=timezone.now())
    assert not OutgoingMail.objects.exists() and not test.password_tickets.exists()


def test_the_persons_tabs_and_account_name_the_user_name(okta, scim, dev):
    test = person(scim, create(scim, "scim-test-1", displayName="Test One"))
    assert signed_in(okta, "scim-test-1") == test
    account = text(okta.browser.get(url(dev, "account/")))
    assert "Test One scim-test-1" in account and "Change your password" not in account
    admin = factories.sign_in(Client(), factories.administrator(dev.workspace, "admin"))
    base = f"/workspaces/acme/dev/end-users/{test.pk}"
    tab = text(admin.get(f"{base}/sign-in/"))
    assert "Okta Yes Okta knows this person by NameID." in tab
    assert "Invite" not in tab
    attempts = text(admin.get("/workspaces/acme/dev/sign-in-attempts/"))
    assert "scim-test-1 Test One" in attempts
    assert "Email address None" in text(admin.get(f"{base}/provisioning/"))


def test_who_has_no_address_counts_among_those_who_lose_a_way_in(okta, scim, dev):
    EnvironmentProvider.objects.update(enforcement="selected_domains", domains=["acme.example"])
    create(scim, "scim-test-1")
    create(scim, "ada", "ada@acme.example")
    other = way(dev, "Partner")

    def change():
        return disable_provider(environment_provider=okta.environment_provider, by=SYSTEM)

    loss = loss_by(change, dev, timezone.now())
    names = [[each.full_name for each in some.people] for some in (loss.losing, loss.locked_out)]
    assert names == [["ada", "scim-test-1"], ["scim-test-1"]]
    assert count_of_those_through(okta.environment_provider) == 2
    assert count_of_those_through(other.environment_provider) == 0
