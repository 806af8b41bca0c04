"""End user and group provisioning: choosing a method, Base URL and SCIM token, the live checklist, giving SCIM up."""

import logging
import re
from datetime import timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from authentication.models import IdentityProvider
from provisioning.models import ProvisioningConnection, ScimToken
from provisioning.tokens import find
from tests.factories import PASSWORD
from tests.provisioning.setting_up import choose, people_of, post, shown_token, text, url
from tests.scim import Scim
from workspace.actions.access import set_manual_access
from workspace.actions.end_users import deactivate_end_user
from workspace.actions.groups import create_group
from workspace.events import SYSTEM
from workspace.models import ChangeEvent, ConsoleSession, EndUser, EnvironmentAccess

pytestmark = pytest.mark.django_db


# Choosing and saving


def test_looking_makes_nothing(use, admin):
    for query in ("", "?method=scim", "?method=nonsense"):
        assert admin.get(url("setup", use) + query).status_code == 200

    assert not ProvisioningConnection.objects.exists()
    assert not ChangeEvent.objects.filter(action__startswith="scim").exists()


def test_the_methods_have_the_names_of_the_seed(use, admin):
    page = text(admin.get(url("setup", use)))

    assert "<h1>End user and group provisioning</h1>" in page
    assert re.findall(r"<option[^>]*>([^<]+)</option>", page) == [
        "Manual provisioning",
        "JIT provisioning",
        "SCIM provisioning",
    ]
    for label in ("Provisioning method", "Enable user groups syncing", "Save", "Continue"):
        assert label in page


def test_choosing_scim_shows_base_url_token_and_warning_before_anything_is_on(use, admin):
    create_group(environment=use.environment, name="Field <engineers>", by=SYSTEM)

    page = choose(admin, use, "scim")

    connection = ProvisioningConnection.objects.get()
    clear = shown_token(page)
    assert find(clear).connection == connection
    assert not connection.is_enabled
    assert f">{connection.base_url}</textarea>" in text(page)
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
    kept = [session.get_decoded() for session in ConsoleSession.objects.all()]
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


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8000", "https://admin.example.com"])
def test_the_practice_idp_is_mentioned_only_where_it_runs(use, admin, settings, origin):
    settings.ORIGIN = origin

    page = text(choose(admin, use, "scim"))

    assert ("http://localhost:8001/push?base_url=" in page) == (origin == "http://127.0.0.1:8000")
    assert ("practice" in page.lower()) == (origin == "http://127.0.0.1:8000")


def test_the_practice_idp_is_not_offered_once_a_provider_calls(saved, use, admin, settings):
    settings.ORIGIN = "http://127.0.0.1:8000"
    assert "practice" in text(admin.get(url("setup", use))).lower()
    saved.get("/Users")
    assert "practice" not in text(admin.get(url("setup", use))).lower()


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
    assert "live SCIM token" in first_call()["detail"]
    saved.get("/Users")
    assert first_call()["state"] == "done"


def test_the_checklist_is_asked_for_alone_until_all_is_done(saved, use, admin):
    page, part = text(admin.get(url("setup", use))), text(admin.get(url("setup-checklist", use)))
    live = f'data-live="{url("setup-checklist", use)}"'
    assert live in page and live in part
    assert part.strip().startswith('<div class="checklist"') and part.strip() in page

    ada = saved.user("ada")
    saved.get("/Users?filter=userName eq %22ada%22")
    saved.group("Engineers", [ada])
    for path, value in (("displayName", "Ada King"), ("active", False)):
        saved.patch(f"/Users/{ada}", {"op": "replace", "path": path, "value": value})

    part = text(admin.get(url("setup-checklist", use)))
    assert "6 of 6 done" in part and "data-live" not in part
    assert "data-live" not in text(admin.get(url("setup", use)))


def test_a_page_that_watches_the_checklist_keeps_no_session_open(saved, use, admin):
    soon = timezone.now() + timedelta(minutes=1)
    ConsoleSession.objects.update(expire_date=soon)
    assert admin.get(url("setup-checklist", use)).status_code == 200
    assert ConsoleSession.objects.get().expire_date == soon
    admin.get(url("setup", use))
    assert ConsoleSession.objects.get().expire_date > soon


@pytest.mark.parametrize("method", ["manual", "jit"])
def test_there_is_no_checklist_where_scim_is_off(saved, use, admin, method):
    post(admin, "save", use, method=method)
    assert admin.get(url("setup-checklist", use)).status_code == 404
    assert "data-live" not in text(admin.get(url("setup", use)))


# Giving SCIM up


def test_giving_scim_up_asks_what_happens_to_its_people_in_numbers(saved, use, admin):
    saved.group("Engineers", [saved.user("ada"), saved.user("bo")])

    page = post(admin, "save", use, method="manual", follow=True)

    assert page.redirect_chain[-1][0] == url("setup-people", use) + "?method=manual&syncs_groups="
    assert "Okta Dev provisions 2 end users and 1 group of DEV." in text(page)
    assert "This access ends for 2 end users, and whoever has no other is deactivated (2)." in text(page)
    assert page.context["names"] == ["Ada Example", "Bo Example"]
    assert use.environment.providers.get().method == "scim"


def test_who_has_access_to_two_environments_is_counted_once(saved):
    saved.user("ada")
    connection = ProvisioningConnection.objects.get()
    person, source = EndUser.objects.get(), connection.source
    other = connection.environment.workspace.environments.exclude(pk=connection.environment.pk)[0]

    EnvironmentAccess.objects.create(end_user=person, environment=other, **source.fields())

    assert connection.count_people() == 1


def test_who_loses_the_last_access_is_counted_by_person(saved, use, admin):
    """Not who has another access, in whatever environment, nor who is deactivated already."""
    for name in ("ada", "bo", "cleo", "dario", "elif"):
        saved.user(name)
    connection = ProvisioningConnection.objects.get()
    workspace = connection.environment.workspace
    here, *others = workspace.environments.all()
    people = list(workspace.end_users.order_by("pk"))
    set_manual_access(end_user=people[0], environments=[here], by=SYSTEM)
    for both in (people[1], people[4]):
        set_manual_access(end_user=both, environments=others, by=SYSTEM)
    for off in (people[2], people[4]):
        deactivate_end_user(end_user=off, by=SYSTEM)

    page = text(admin.get(url("setup-people", use)))

    assert connection.count_people_and_lone() == (5, 1)
    assert list(workspace.end_users.depending_on(connection.source)) == [people[3]]
    assert "whoever has no other is deactivated (1)." in page


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
    post(browser("owner"), "setup-token-new", use, retirement="first_use")

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
