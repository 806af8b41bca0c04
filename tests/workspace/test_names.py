"""What may be a name: nothing new that turns the text around it round, and what is there already stays."""

import pytest
from django.utils.translation import gettext_lazy

from authentication.actions.identity_providers import create_provider, update_provider
from authentication.models import IdentityProvider
from tests import factories
from workspace.actions.end_users import create_end_user, link_end_user, update_profile
from workspace.actions.groups import create_group, rename_group
from workspace.events import SYSTEM
from workspace.models import EndUser, EndUserGroup, User, Workspace
from workspace.names import clean_name
from workspace.profile import Profile, clean_email
from workspace.refusals import ActionError

CONTROLS = [chr(number) for number in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))]
EVE = "Eve\u202elive"


@pytest.mark.parametrize("control", CONTROLS, ids=ascii)
def test_a_new_name_holds_no_bidirectional_control(control):
    with pytest.raises(ActionError, match="invisible characters that turn text round"):
        clean_name(f"Eve{control}live", what="name", missing="")


@pytest.mark.parametrize("name", ["علی‌رضا", "👩‍🚀", "Zoë\u00ad", "a\u200fb", "\ufeffAda"], ids=ascii)
def test_other_invisible_characters_may_stand_in_a_name(name):
    assert clean_name(name, what="name", missing="") == name


@pytest.mark.parametrize("name", ["", " ", "\u200b", "\ufeff \u00ad"], ids=ascii)
def test_a_name_of_which_nothing_is_seen_is_missing(name):
    with pytest.raises(ActionError, match=r"Enter a name\.") as refusal:
        clean_name(name, what="name", missing=gettext_lazy("Enter a name."))
    assert refusal.value.code == "missing_name"


def test_a_name_is_too_long_by_its_key_too():
    longer = "\ufdfa" * 100  # each has a key of 18 letters
    with pytest.raises(ActionError, match=r"Shorten the full name to at most 254 characters\.") as refusal:
        clean_name(longer, what=gettext_lazy("full name"), missing="", most=254)
    assert refusal.value.code == "name_too_long"
    assert clean_name(longer[:20], what="name", missing="") == longer[:20]


@pytest.mark.parametrize("address", [f"{EVE}@acme.example", f"eve@{EVE}.example"], ids=ascii)
def test_no_address_holds_a_control(address):
    with pytest.raises(ActionError):
        clean_email(address)


@pytest.mark.django_db
def test_no_action_gives_such_a_name(acme):
    profile = Profile(EVE, "eve@acme.example", SYSTEM.source)
    for action, arguments in [
        (create_end_user, {"workspace": acme.workspace, "profile": profile}),
        (update_profile, {"end_user": acme.ada, "profile": profile}),
        (link_end_user, {"end_user": acme.ada, "profile": profile, "environment": acme.dev, "source": SYSTEM.source}),
        (create_group, {"environment": acme.dev, "name": EVE}),
        (rename_group, {"group": acme.support, "name": EVE}),
        (create_provider, {"environment": acme.dev, "name": EVE, "vendor": "okta", "enforcement": "no_one"}),
    ]:
        with pytest.raises(ActionError) as refusal:
            action(**arguments, by=SYSTEM)
        assert refusal.value.code == "name_turns" and refusal.value.field in {"name", "full_name"}


@pytest.mark.django_db
def test_such_a_name_of_an_older_release_stays_while_the_rest_changes(acme):
    use = factories.identity_provider(acme.dev)
    for row, field in [(acme.ada, "full_name"), (acme.support, "name"), (use.identity_provider, "name")]:
        type(row).objects.filter(pk=row.pk).update(**{field: EVE})
        row.refresh_from_db()
    assert update_profile(end_user=acme.ada, profile=Profile(EVE, "eve@acme.example", SYSTEM.source), by=SYSTEM)
    assert not rename_group(group=acme.support, name=EVE, by=SYSTEM)
    use.refresh_from_db()
    assert update_provider(environment_provider=use, name=EVE, vendor="entra", enforcement="no_one", by=SYSTEM)
    assert EndUser.objects.get(email="eve@acme.example").full_name == EVE
    assert IdentityProvider.objects.get().name == EndUserGroup.objects.get(pk=acme.support.pk).name == EVE
    assert rename_group(group=acme.support, name="Support", by=SYSTEM)


@pytest.mark.django_db
def test_a_form_says_which_characters_to_remove(acme, owner):
    for path, data in [
        ("groups/new/", {"name": EVE}),
        ("end-users/add/", {"full_name": EVE, "email": "e@acme.example"}),
    ]:
        page = owner.post(acme.url + path, data).content.decode()
        assert "Remove the invisible characters that turn text round" in page
    assert not EndUser.objects.filter(full_name=EVE).exists()


@pytest.mark.django_db
def test_operators_give_no_such_name(acme, client):
    factories.as_operator(client)
    account = acme.roles["viewer"].user
    for path, data in [
        ("workspace/add/", {"name": EVE, "slug": "eve", "kinds": ["dev"]}),
        (f"user/{account.pk}/change/", {"email": account.email, "full_name": EVE, "is_active": "on"}),
    ]:
        page = client.post(f"/operator/workspace/{path}", data).content.decode()
        assert "Remove the invisible characters that turn text round" in page
    assert not Workspace.objects.filter(slug="eve").exists() and not User.objects.filter(full_name=EVE).exists()
