"""The tab Mappings: what administrators map, with the effect in numbers before anybody loses something."""

from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from provisioning.models import GroupMapping, ProvisioningConnection
from tests import factories
from tests.scim import Scim
from workspace.console.proof import OPENED_RECENTLY
from workspace.models import ChangeEvent, EndUser, EnvironmentAccess

pytestmark = pytest.mark.django_db


@pytest.fixture
def use(dev):
    return factories.identity_provider(dev)


@pytest.fixture
def scim(use) -> Scim:
    token = factories.scim_token(use)
    return Scim(ProvisioningConnection.objects.named().get(), token)


@pytest.fixture
def owner(dev) -> Client:
    return factories.sign_in(Client(), factories.administrator(dev.workspace))


@pytest.fixture
def viewer(dev) -> Client:
    return factories.sign_in(Client(), factories.administrator(dev.workspace, "viewer"))


def url(route, use, **kwargs) -> str:
    where = {"workspace": "acme", "environment": "dev", "provider": use.identity_provider_id}
    return reverse(f"provisioning:{route}", kwargs={**where, **kwargs})


def text(response) -> str:
    return " ".join(unescape(response.content.decode()).split())


def add(client, use, name, target, **more):
    return client.post(url("mappings-add", use), {"name": name, "target": target.pk, **more}, follow=True)


def test_a_mapping_is_added_listed_and_told_in_numbers(owner, use, scim, prod):
    scim.group("Okta Ops", [scim.user("ada"), scim.user("bo")])
    operations = factories.group(prod, name="Operations")

    page = add(owner, use, "Other", operations)
    assert "Saved." in text(page)
    assert "Not pushed yet" in text(page)
    page = add(owner, use, "okta ops", prod, confirmed="yes")

    assert "2 end users get access to PROD." in text(page)
    assert [(row["mapping"].name, row["members"]) for row in page.context["rows"]] == [("okta ops", 2), ("Other", None)]
    assert EndUser.objects.with_access_to(prod).count() == 2


def test_what_somebody_loses_is_asked_first_with_numbers_and_names_and_nothing_is_changed(owner, use, scim, prod):
    scim.group("Okta Ops", [scim.user("ada")])
    events = ChangeEvent.objects.count()

    page = add(owner, use, "Okta Ops", prod)

    assert "1 end user leaves the group Okta Ops of DEV." in text(page)
    assert "1 end user gets access to PROD." in text(page)
    assert page.context["names"] == ["Ada Example"]
    assert not GroupMapping.objects.exists()
    assert ChangeEvent.objects.count() == events
    owner.post(url("mappings-add", use), dict(page.context["hidden"]))
    assert GroupMapping.objects.get().environment == prod


def test_removing_a_mapping_asks_with_numbers(owner, use, scim, prod):
    scim.group("Okta Ops", [scim.user("ada")])
    add(owner, use, "Okta Ops", prod, confirmed="yes")
    mapping = GroupMapping.objects.get()
    address = url("mapping-remove", use, mapping=mapping.pk)

    page = owner.get(address)

    assert "1 end user loses the access to PROD that Okta Dev gives." in text(page)
    assert "1 end user joins the group Okta Ops of DEV." in text(page)
    assert GroupMapping.objects.exists()
    assert owner.post(address).status_code == 302
    assert not GroupMapping.objects.exists()
    assert not EndUser.objects.with_access_to(prod).exists()
    assert owner.get(address).status_code == 404


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_mapping_that_cannot_be_removed_says_why_on_its_tab(owner, use, scim, dev, prod, method):
    scim.group("Okta Ops", [scim.user("ada")])
    add(owner, use, "Okta Ops", prod, confirmed="yes")
    factories.group(dev, name="Okta Ops")
    ProvisioningConnection.objects.update(takes_over_groups=False)

    page = getattr(owner, method)(url("mapping-remove", use, mapping=GroupMapping.objects.get().pk), follow=True)

    assert page.redirect_chain == [(url("mappings", use), 302)]
    assert "DEV already has a group named Okta Ops, and this connection does not take over existing groups." in text(
        page
    )
    assert GroupMapping.objects.exists()
    assert EndUser.objects.with_access_to(prod).exists()


def test_removing_a_mapping_of_a_group_that_is_not_pushed_says_that_nothing_happens(owner, use, scim, prod):
    add(owner, use, "Okta Ops", prod)
    page = owner.get(url("mapping-remove", use, mapping=GroupMapping.objects.get().pk))
    assert "Nobody loses or gets anything by this." in text(page)


def test_the_switch_for_mapped_groups_asks_before_it_takes_access(owner, use, scim, dev):
    scim.user("ada")
    page = owner.post(url("mappings-access", use), {"only_mapped": "true"})
    assert "1 end user loses the access to DEV that Okta Dev gives." in text(page)
    assert EnvironmentAccess.objects.count() == 1
    page = owner.post(url("mappings-access", use), dict(page.context["hidden"]), follow=True)
    assert not EnvironmentAccess.objects.exists()
    page = owner.post(url("mappings-access", use), {"only_mapped": "false"}, follow=True)
    assert "1 end user gets access to DEV." in text(page)


def test_attributes_are_saved_with_the_profiles_that_change_and_those_that_cannot(owner, use, scim):
    scim.user("ada", nickName="Addy", userName="bo@example.com")
    scim.user("bo", userName="cy@example.com")
    asked = {"name_from": "nickName", "email_from": "userName"}

    page = owner.post(url("mappings-attributes", use), asked)

    assert "2 profiles changed." in text(page)
    assert "somebody else has it or it is no address: bo@example.com." in text(page)
    assert set(EndUser.objects.values_list("full_name", flat=True)) == {"Ada Example", "Bo Example"}
    page = owner.post(url("mappings-attributes", use), dict(page.context["hidden"]), follow=True)
    assert set(EndUser.objects.values_list("full_name", flat=True)) == {"Addy", "Bo Example"}
    assert page.context["attributes_form"].initial == asked


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({}, "Enter the name that the group has at the identity provider."),
        ({"name": "Okta Ops"}, "Choose an environment or a group."),
        ({"name": "Okta Ops", "target": "nowhere"}, "Choose again."),
    ],
)
def test_a_wrong_mapping_is_explained_and_what_was_typed_stays(owner, use, scim, data, says):
    page = owner.post(url("mappings-add", use), data)
    assert says in text(page)
    assert page.context["form"]["name"].value() == data.get("name")
    assert not GroupMapping.objects.exists()


def test_what_the_action_refuses_stands_at_the_field(owner, use, scim, dev):
    scim.group("Managed")
    page = add(owner, use, "Okta Ops", dev.groups.get(name="Managed"))
    assert "Okta Dev manages Managed in DEV" in str(page.context["form"].errors["target"])


def test_only_groups_that_nobody_else_manages_are_offered(owner, use, scim, dev, prod):
    theirs = factories.group(prod, name="Theirs")
    theirs.source_kind, theirs.source_id = "scim", "another"
    theirs.save()
    factories.group(prod, name="Ours")
    foreign = factories.workspace("globex").environments.get(slug="dev")
    factories.group(foreign, name="Foreign")

    _, *places = owner.get(url("mappings", use)).context["form"].fields["target"].choices
    labels = [label for _, choices in places for _, label in choices]
    assert labels == ["DEV, access only", "TEST, access only", "PROD, access only", "PROD → Ours"]
    assert add(owner, use, "Okta Ops", foreign).context["form"].errors["target"]


def test_viewers_see_mappings_and_change_none(viewer, owner, use, scim, prod):
    add(owner, use, "Okta Ops", prod)
    page = viewer.get(url("mappings", use))
    assert "Okta Ops" in text(page)
    assert "Add mapping" not in text(page)
    assert "Remove" not in text(page)
    for route, data in (
        ("mappings-add", {}),
        ("mappings-access", {"only_mapped": "true"}),
        ("mappings-attributes", {}),
    ):
        assert viewer.post(url(route, use), data).status_code == 403
    assert viewer.get(url("mapping-remove", use, mapping=GroupMapping.objects.get().pk)).status_code == 403


def test_there_is_no_tab_before_there_is_a_connection(owner, use):
    assert owner.get(url("mappings", use)).status_code == 404
    assert "Mappings" not in text(owner.get(url("setup", use)))


def test_s15_mappings_change_only_after_a_recent_proof_and_owners_are_told(owner, use, scim, prod, mails):
    [mail] = mails(lambda: add(owner, use, "Okta Ops", prod))
    assert mail.to == ["owner@acme.example"]
    assert "Okta Ops → PROD, access only" in mail.body
    session = owner.session
    session["proved_at"] -= (OPENED_RECENTLY + timedelta(seconds=5)).total_seconds()
    session.save()
    for route, data in (
        ("mappings-add", {"name": "x", "target": prod.pk}),
        ("mappings-access", {"only_mapped": "true"}),
        ("mappings-attributes", {"name_from": "nickName", "email_from": ""}),
    ):
        assert "/confirm-identity/" in owner.post(url(route, use), data).url
    assert GroupMapping.objects.count() == 1
    assert not ProvisioningConnection.objects.get().only_mapped


def test_the_page_takes_as_many_queries_however_many_mappings_there_are(
    owner, use, scim, prod, django_assert_max_num_queries
):
    for number in range(5):
        scim.group(f"Group {number}")
        add(owner, use, f"Group {number}", prod)
    with django_assert_max_num_queries(19):
        owner.get(url("mappings", use))


def test_many_mappings_have_pages(owner, use, scim, prod):
    connection = ProvisioningConnection.objects.get()
    scim.group("Group 054", [scim.user("ada")])
    GroupMapping.objects.bulk_create(
        GroupMapping(connection=connection, name=name, name_key=name.lower(), environment=prod)
        for name in (f"Group {number:03}" for number in range(55))
    )
    first = text(owner.get(url("mappings", use)))
    assert "1–50 of 55" in first and "Group 049" in first and "Remove Group 050" not in first
    second = owner.get(url("mappings", use), {"page": 2})
    rows = text(second)
    assert "51–55 of 55" in rows and "Group 049" not in rows.partition("<datalist")[0]
    assert '<td class="table-number" data-label="Members"> 1</td>' in rows
