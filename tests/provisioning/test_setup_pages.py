"""End user and group provisioning: choosing a method, Base URL and SCIM token, the live checklist, giving SCIM up."""

import logging
import re
from html import unescape

import pytest
from django.contrib.sessions.models import Session
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from authentication.models import EnvironmentProvider, IdentityProvider
from provisioning.models import ProvisioningConnection, ScimToken
from provisioning.tokens import find
from tests import factories
from tests.factories import PASSWORD
from tests.scim import Scim
from workspace.actions.groups import create_group
from workspace.events import SYSTEM
from workspace.models import ChangeEvent, EnvironmentAccess

pytestmark = pytest.mark.django_db
TOKEN = re.compile(r"scim_[a-z0-9]+_[\w-]{20,}")


@pytest.fixture
def dev(db):
    return factories.workspace().environments.get(slug="dev")


@pytest.fixture
def use(dev) -> EnvironmentProvider:
    """A provider that step 2 of the wizard has set up, without a method yet."""
    use = factories.identity_provider(dev)
    IdentityProvider.objects.update(entity_id="https://idp.example")
    return use


@pytest.fixture
def browser(dev):
    """Browsers by role: browser("viewer")."""

    def sign_in(role: str) -> Client:
        return factories.sign_in(Client(), factories.administrator(dev.workspace, role))

    return sign_in


@pytest.fixture
def admin(browser) -> Client:
    return browser("admin")


@pytest.fixture
def saved(use, admin) -> Scim:
    """SCIM was chosen and saved; a client with the token that was shown."""
    clear = shown_token(choose(admin, use, "scim"))
    post(admin, "save", use, method="scim", takes_over_groups="on")
    return Scim(ProvisioningConnection.objects.get(), clear)


def url(route: str, use: EnvironmentProvider, **kwargs) -> str:
    where = {"workspace": "acme", "environment": "dev", "provider": use.identity_provider_id}
    return reverse(f"provisioning:{route}", kwargs={**where, **kwargs})


def post(client: Client, route: str, use: EnvironmentProvider, *, follow: bool = False, **data):
    return client.post(url(route, use), data, follow=follow)


def choose(client: Client, use: EnvironmentProvider, method: str):
    """Continue with a method; the page that then opens."""
    return post(client, "method", use, method=method, follow=True)


def text(response) -> str:
    return unescape(response.content.decode())


def shown_token(response) -> str:
    """The one token in clear on the page, or nothing."""
    found = set(TOKEN.findall(text(response)))
    assert len(found) <= 1
    return found.pop() if found else ""


def reveal(client: Client, use: EnvironmentProvider, token: ScimToken, password: str = PASSWORD):
    return client.post(url("setup-token-reveal", use, token=token.pk), {"password": password})


def people_of(saved: Scim) -> int:
    return EnvironmentAccess.objects.filter(source_id=str(saved.connection.pk)).count()


# Choosing and saving


def test_looking_makes_nothing(use, admin):
    for query in ("", "?method=scim", "?method=nonsense"):
        assert admin.get(url("setup", use) + query).status_code == 200

    assert not ProvisioningConnection.objects.exists()
    assert not ChangeEvent.objects.filter(action__startswith="scim").exists()


def test_the_methods_have_the_names_of_the_seed(use, admin):
    page = text(admin.get(url("setup", use)))

    assert "<h1>End user and group provisioning</h1>" in page
    assert re.findall(r"<option[^>]*>([^<]+)</option>", page) == ["Manual", "SAML just-in-time (JIT)", "SCIM"]
    for label in ("Provisioning method", "Sync groups at each sign-in", "Save", "Continue"):
        assert label in page


def test_choosing_scim_shows_base_url_token_and_warning_before_anything_is_on(use, admin):
    create_group(environment=use.environment, name="Field <engineers>", by=SYSTEM)

    page = choose(admin, use, "scim")

    connection = ProvisioningConnection.objects.get()
    clear = shown_token(page)
    assert find(clear).connection == connection
    assert not connection.is_enabled
    assert f'value="{connection.base_url}"' in text(page)
    assert "End-user and group data may be overwritten by your IdP with this configuration." in text(page)
    assert "Field &lt;engineers&gt;" in page.content.decode()
    assert "Okta calls it SCIM connector base URL." in text(page)
    assert Scim(connection, clear).get("/Users").status == 403


@pytest.mark.parametrize(
    ("vendor", "words"),
    [
        ("entra", ["Microsoft Entra ID calls it Tenant URL.", "Microsoft Entra ID calls it Secret Token."]),
        ("adfs", ["AD FS does not push SCIM."]),
    ],
)
def test_each_vendor_is_told_in_its_own_words(use, admin, vendor, words):
    IdentityProvider.objects.update(vendor=vendor)

    page = text(choose(admin, use, "scim"))

    assert all(word in page for word in words)


def test_the_token_travels_in_no_url_event_log_or_session(use, admin, caplog):
    caplog.set_level(logging.DEBUG)
    redirect = post(admin, "method", use, method="scim")
    kept = [session.get_decoded() for session in Session.objects.all()]
    clear = shown_token(admin.get(redirect.url))

    assert clear
    assert redirect.url == url("setup", use) + "?method=scim"
    secret = clear.split("_", 2)[2]
    for place in (kept, list(ChangeEvent.objects.values()), caplog.text, list(ScimToken.objects.values())):
        assert secret not in str(place)


def test_the_page_with_the_token_is_not_stored(use, admin):
    assert choose(admin, use, "scim")["Cache-Control"] == "no-store"


def test_the_token_is_shown_until_scim_is_saved_and_masked_from_then_on(use, admin):
    clear = shown_token(choose(admin, use, "scim"))
    assert shown_token(admin.get(url("setup", use) + "?method=scim")) == clear

    page = post(admin, "save", use, method="scim", follow=True)

    assert shown_token(page) == ""
    assert ScimToken.objects.get().masked in text(page)
    assert shown_token(admin.get(url("setup", use))) == ""


def test_saving_scim_lets_the_provider_in_and_stays_with_the_checklist(use, admin):
    clear = shown_token(choose(admin, use, "scim"))

    response = post(admin, "save", use, method="scim", takes_over_groups="on")

    assert response.url == url("setup", use)
    page = text(admin.get(response.url))
    assert "Saved. Okta Dev can now provision end users and groups of DEV." in page
    assert "Live checklist" in page
    assert reverse("authentication:environment", kwargs={"workspace": "acme", "environment": "dev"}) in page
    assert Scim(ProvisioningConnection.objects.get(), clear).get("/Users").status == 200


def test_saving_scim_at_once_first_shows_what_to_copy(use, admin):
    page = post(admin, "save", use, method="scim", follow=True)

    assert shown_token(page)
    assert not ProvisioningConnection.objects.get().is_enabled


def test_taking_over_groups_can_be_refused(use, admin):
    choose(admin, use, "scim")
    post(admin, "save", use, method="scim")

    assert not ProvisioningConnection.objects.get().takes_over_groups


def test_strict_scim_is_switched_on_and_off(use, admin):
    choose(admin, use, "scim")
    for sent, kept in (({"is_strict": "on"}, True), ({"is_strict": "on"}, True), ({}, False)):
        post(admin, "save", use, method="scim", **sent)
        assert ProvisioningConnection.objects.get().is_strict == kept
        assert admin.get(url("setup", use)).context["form"]["is_strict"].value() == kept
    assert ChangeEvent.objects.filter(action="provisioning.strict_set").count() == 2


@pytest.mark.parametrize("method", ["manual", "jit"])
def test_manual_and_jit_lead_back_to_authentication(use, admin, method):
    response = post(admin, "save", use, method=method, syncs_groups="on")

    assert response.url == reverse("authentication:environment", kwargs={"workspace": "acme", "environment": "dev"})
    use.refresh_from_db()
    assert (use.method, use.is_method_chosen, use.syncs_groups) == (method, True, method == "jit")


def test_a_wrong_method_is_an_error_at_its_field_and_the_rest_is_kept(use, admin):
    page = post(admin, "save", use, method="ldap", syncs_groups="on")

    assert page.context["form"].errors == {"method": ["Choose one of the methods in the list."]}
    assert re.search(r'name="syncs_groups"[^>]*checked', text(page))


def test_without_saml_metadata_the_page_leads_to_the_wizard(use, admin):
    assert "Continue set-up" not in text(admin.get(url("setup", use)))

    IdentityProvider.objects.update(entity_id="")

    page = text(choose(admin, use, "scim"))
    assert "Continue set-up" in page
    assert shown_token(choose(admin, use, "scim"))


def test_the_number_of_queries_does_not_depend_on_groups_and_people(saved, use, admin):
    def queries() -> int:
        with CaptureQueriesContext(database) as captured:
            admin.get(url("setup", use))
        return len(captured)

    saved.group("First", [saved.user("ada")])
    few = queries()
    for number in range(10):
        create_group(environment=use.environment, name=f"Group {number}", by=SYSTEM)
        saved.group(f"Pushed {number}", [saved.user(f"person{number}")])

    # Steps of the checklist that are done need no other queries than those that wait.
    assert queries() == few <= 30


# The live checklist


def test_the_checklist_turns_green_by_what_the_provider_does(saved, use, admin):
    def done() -> list[str]:
        checks = admin.get(url("setup", use)).context["checks"]
        return [check["label"] for check in checks if check["state"] == "done"]

    assert done() == []
    saved.get("/ServiceProviderConfig")
    assert done() == ["First call"]
    saved.get("/Users?filter=userName eq %22ada%22")
    assert done() == ["First call", "Look-up"]
    ada = saved.user("ada")
    assert done()[2:] == ["Create"]
    saved.patch(f"/Users/{ada}", {"op": "replace", "path": "displayName", "value": "Ada King"})
    assert done()[3:] == ["Update"]
    saved.group("Engineers", [ada])
    assert done()[4:] == ["Group push"]
    saved.patch(f"/Users/{ada}", {"op": "replace", "path": "active", "value": False})
    assert done()[5:] == ["Deactivate"]


def test_the_checklist_counts_no_refused_call_and_no_other_connection(saved, other, use, admin):
    other.group("Engineers", [other.user("ada")])
    saved.get("/Users?filter=nonsense")

    assert {check["state"] for check in admin.get(url("setup", use)).context["checks"]} == {"waiting"}


def test_the_checklist_says_when_the_provider_comes_with_a_wrong_token(saved, use, admin):
    def first_call() -> dict:
        return admin.get(url("setup", use)).context["checks"][0]

    saved.get("/Users", Authorization="Bearer wrong")
    assert first_call()["state"] == "failed"
    assert "Copy a live one" in first_call()["detail"]
    saved.get("/Users")
    assert first_call()["state"] == "done"


# Reveal, rotate, revoke


def test_revealing_asks_for_the_password_and_is_recorded(saved, use, admin):
    token = ScimToken.objects.get()
    assert shown_token(admin.get(url("setup-token-reveal", use, token=token.pk))) == ""

    page = reveal(admin, use, token)

    assert shown_token(page) == saved.token
    assert page["Cache-Control"] == "no-store"
    event = ChangeEvent.objects.get(action="scim_token.revealed")
    assert (event.actor_name, event.subject_id) == ("admin@acme.example", str(token.pk))
    assert shown_token(admin.get(url("setup-token-reveal", use, token=token.pk))) == ""


@pytest.mark.parametrize("password", ["", "wrong password"])
def test_a_wrong_password_reveals_nothing(saved, use, admin, password):
    page = reveal(admin, use, ScimToken.objects.get(), password)

    assert shown_token(page) == ""
    assert list(page.context["form"].errors) == ["password"]
    assert not ChangeEvent.objects.filter(action="scim_token.revealed").exists()


def test_guessing_the_password_is_slowed_down(saved, use, admin):
    token = ScimToken.objects.get()
    for _ in range(6):
        page = reveal(admin, use, token, "wrong password")
    assert "Too many attempts" in text(page)

    assert shown_token(reveal(admin, use, token)) == ""


def test_a_new_token_is_shown_once_and_works_beside_the_old_one(saved, use, admin):
    page = post(admin, "setup-token-new", use, follow=True)
    new = shown_token(page)

    assert new
    assert new != saved.token
    assert shown_token(admin.get(url("setup", use))) == ""
    assert saved.get("/Users").status == Scim(saved.connection, new).get("/Users").status == 200
    assert new.split("_", 2)[2] not in str([session.get_decoded() for session in Session.objects.all()])


def test_a_third_token_is_refused_with_a_sentence(saved, use, admin):
    post(admin, "setup-token-new", use)

    page = post(admin, "setup-token-new", use, follow=True)

    assert "Two tokens are live already. Revoke one of them first." in text(page)
    assert ScimToken.objects.count() == 2


def test_a_new_token_is_not_shown_on_the_page_of_another_provider(saved, use, admin):
    entra = factories.identity_provider(use.environment, "Entra Dev")
    post(admin, "setup-token-new", use)

    assert shown_token(admin.get(url("setup", entra))) == ""
    assert shown_token(admin.get(url("setup", use)))


def test_the_page_tells_when_and_from_where_a_token_was_used(saved, use, admin):
    assert "never used" in text(admin.get(url("setup", use)))

    saved.get("/Users")

    assert "from 127.0.0.1" in text(admin.get(url("setup", use)))


def test_revoking_asks_first_and_then_refuses_the_provider(saved, use, admin):
    where = url("setup-token-revoke", use, token=ScimToken.objects.get().pk)
    assert "Okta Dev can provision nobody until it has a new token." in text(admin.get(where))
    assert saved.get("/Users").status == 200

    page = admin.post(where, follow=True)

    assert "was revoked" in text(page)
    assert "No token is live" in text(page)
    assert saved.get("/Users").status == 401
    assert admin.get(where).status_code == 404
    assert reveal(admin, use, ScimToken.objects.get()).status_code == 404


def test_where_revealing_is_off_a_token_is_shown_only_when_it_is_made(use, admin, settings):
    settings.REVEAL_TOKENS = False
    assert shown_token(choose(admin, use, "scim"))

    page = admin.get(url("setup", use) + "?method=scim")
    assert shown_token(page) == ""
    assert "It was shown once." in text(page)

    page = post(admin, "save", use, method="scim", follow=True)
    assert ">Reveal<" not in text(page)
    assert reveal(admin, use, ScimToken.objects.get()).status_code == 404
    assert shown_token(post(admin, "setup-token-new", use, follow=True))


# Giving SCIM up


def test_giving_scim_up_asks_what_happens_to_its_people_in_numbers(saved, use, admin):
    saved.group("Engineers", [saved.user("ada"), saved.user("bo")])

    page = post(admin, "save", use, method="manual", follow=True)

    assert page.redirect_chain[-1][0] == url("setup-people", use) + "?method=manual&syncs_groups="
    assert "Okta Dev provisions 2 end users and 1 group of DEV." in text(page)
    assert "2 end users lose this access; 2 without any other are deactivated." in text(page)
    assert page.context["names"] == ["Ada Example", "Bo Example"]
    assert use.environment.providers.get().method == "scim"


def test_the_answer_is_needed_and_the_method_is_kept(saved, use, admin):
    saved.user("ada")

    page = post(admin, "setup-people", use, method="jit", syncs_groups="on")

    assert page.context["form"].errors == {"people": ["Choose what happens to them."]}
    assert re.search(r'name="method" value="jit"', text(page))
    assert re.search(r'name="syncs_groups" value="on"', text(page))


def test_a_made_up_method_is_refused(saved, use, admin):
    saved.user("ada")

    assert "method" in post(admin, "setup-people", use, method="ldap", people="keep").context["form"].errors
    assert "method" in post(admin, "setup-people", use, method="scim", people="keep").context["form"].errors
    assert people_of(saved) == 1


def test_the_answer_carries_the_method_that_replaces_scim(saved, use, admin):
    saved.user("ada")

    response = post(admin, "setup-people", use, method="jit", syncs_groups="on", people="keep")

    assert response.url.endswith("/authentication/")
    use.refresh_from_db()
    assert (use.method, use.syncs_groups) == ("jit", True)
    assert people_of(saved) == 0


def test_pending_people_are_pointed_out_until_somebody_decides(saved, use, admin):
    saved.user("ada")
    post(admin, "setup-people", use, method="manual", people="pending")
    page = text(admin.get(url("setup", use)))
    assert "End users of the SCIM connection are pending" in page
    assert url("setup-people", use) in page

    post(admin, "setup-people", use, method="manual", people="deactivate")

    assert "pending" not in text(admin.get(url("setup", use)))
    assert admin.get(url("setup-people", use)).status_code == 404


def test_the_token_stays_masked_when_scim_is_chosen_again(saved, use, admin):
    post(admin, "save", use, method="manual")

    page = choose(admin, use, "scim")

    assert shown_token(page) == ""
    assert ScimToken.objects.get().masked in text(page)
    post(admin, "save", use, method="scim")
    assert saved.get("/Users").status == 200


# Roles


def test_a_viewer_sees_the_masked_token_and_no_controls(saved, use, browser):
    post(browser("owner"), "setup-token-new", use)

    page = browser("viewer").get(url("setup", use))

    assert shown_token(page) == ""
    assert ScimToken.objects.first().masked in text(page)
    main = text(page).partition("<main")[2]
    for control in ("<form", "<select", "Reveal", "Revoke", "New token", ">Save<"):
        assert control not in main


def test_a_viewer_does_not_see_the_first_token_either(use, admin, browser):
    choose(admin, use, "scim")

    assert shown_token(browser("viewer").get(url("setup", use) + "?method=scim")) == ""


def test_a_viewer_changes_nothing(saved, use, browser):
    saved.user("ada")
    viewer, token = browser("viewer"), ScimToken.objects.get()
    before = ChangeEvent.objects.count()

    for route in ("method", "save", "setup-people", "setup-token-new"):
        assert post(viewer, route, use, method="manual", people="deactivate").status_code == 403
    assert viewer.get(url("setup-people", use)).status_code == 403
    for route in ("setup-token-reveal", "setup-token-revoke"):
        where = url(route, use, token=token.pk)
        assert viewer.get(where).status_code == viewer.post(where, {"password": PASSWORD}).status_code == 403
    assert ChangeEvent.objects.count() == before
