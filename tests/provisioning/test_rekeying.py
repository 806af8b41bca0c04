"""An upgrade gives the names that are there the keys of today; nothing that is the same name now stops it."""

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection

from authentication.models import IdentityProvider
from provisioning.actions.mappings import add_mapping
from provisioning.models import GroupMapping, ProvisionedGroup, ProvisionedUser
from tests import factories
from workspace.actions.groups import rename_group
from workspace.db.keys import canonical
from workspace.events import SYSTEM
from workspace.models import EndUser, EndUserGroup
from workspace.refusals import ConflictError

pytestmark = pytest.mark.django_db
MIGRATIONS = [
    ("workspace", "0007_one_key_for_a_name"),
    ("authentication", "0012_one_key_for_a_name"),
    ("provisioning", "0008_one_key_for_a_name"),
    ("workspace", "0020_search_and_sort_people"),
]


def upgrade() -> None:
    for app, name in MIGRATIONS:
        import_module(f"{app}.migrations.{name}").fill(apps, SimpleNamespace(connection=connection))


def as_before(row, name: str, key: str, text: str) -> None:
    """Give a row a name with the key of an older release."""
    type(row)._base_manager.filter(pk=row.pk).update(**{name: text, key: canonical(text)})


def keys(model, key: str = "name_key") -> list[str]:
    return list(model._base_manager.order_by("pk").values_list(key, flat=True))


def test_names_are_found_after_the_upgrade(scim):
    environment = scim.connection.environment
    person = EndUser.objects.get(provisioned=scim.user("ada", title="Chief  Officer"))
    as_before(person, "full_name", "name_key", "Ada\u200b  Winter")
    as_before(factories.group(environment), "name", "name_key", "Sup\u00adport")
    as_before(IdentityProvider.objects.get(), "name", "name_key", "Okta\u200b")
    as_before(ProvisionedUser.objects.get(), "user_name", "user_name_key", "ada  w")
    pk = scim.group("Engineers")
    as_before(ProvisionedGroup.objects.get(), "display_name", "display_name_key", "Q\u200b  X")
    user = ProvisionedUser.objects.get()
    folded = user.folded | {"title": canonical("Chief  Officer"), "displayname": "ada  example"}
    document = user.document | {"displayName": "Ada  Example"}
    ProvisionedUser.objects.update(folded=folded, document=document, display_name_key="ada  example")
    upgrade()
    assert EndUser.objects.matching("ada winter").get() == person
    assert environment.groups.matching("support").count() == 1
    assert keys(IdentityProvider) == ["okta"]
    for path, text in [("/Users", 'userName eq "Ada W"'), ("/Users", 'title eq "chief officer"')]:
        assert scim.get(f"{path}?filter={text}").body["totalResults"] == 1
    assert scim.get('/Users?filter=displayName eq "Ada Example"').body["totalResults"] == 1
    assert scim.get('/Groups?filter=displayName eq "q x"').body["Resources"][0]["id"] == pk


def test_of_two_names_that_are_the_same_now_one_keeps_its_old_key(scim):
    environment = scim.connection.environment
    rows = [factories.group(environment, name=name) for name in ("Sales", "One", "Two", "Three")]
    for row, text in zip(rows[1:], ("Sa\u200bles", "Dev\u200b", "De\u00adv"), strict=True):
        as_before(row, "name", "name_key", text)
    upgrade()
    assert keys(EndUserGroup)[1:] == ["sales", "sa\u200bles", "dev", "de\u00adv"]
    # They go on with their names, and nobody gets the name of another one.
    second = EndUserGroup.objects.get(pk=rows[1].pk)
    second.save()
    assert EndUserGroup.objects.get(pk=second.pk).name_key == "sa\u200bles"
    with pytest.raises(ConflictError):
        rename_group(group=second, name="S\u00adales", by=SYSTEM)
    assert rename_group(group=second, name="Marketing", by=SYSTEM)
    assert EndUserGroup.objects.get(pk=second.pk).name_key == "marketing"


def test_a_user_whose_name_is_taken_now_can_still_be_changed(scim):
    ada, bo = scim.user("ada"), scim.user("bo")
    user = ProvisionedUser.objects.get(pk=bo)
    as_before(user, "user_name", "user_name_key", "ada@\u200bexample.com")
    ProvisionedUser.objects.filter(pk=bo).update(document=user.document | {"userName": "ada@\u200bexample.com"})
    upgrade()
    assert scim.patch(f"/Users/{bo}", {"op": "replace", "path": "active", "value": False}).body["active"] is False
    found = scim.get('/Users?filter=userName eq "ada@example.com"').body["Resources"]
    assert [user["id"] for user in found] == [ada]


def test_a_mapping_follows_the_same_group_as_before_the_upgrade(scim):
    environment = scim.connection.environment
    followed, other = scim.group("Followed"), scim.group("Other")
    add_mapping(connection=scim.connection, name="Mapped", environment=environment, by=SYSTEM)
    add_mapping(connection=scim.connection, name="Alone", environment=environment, by=SYSTEM)
    mapped, alone = GroupMapping.objects.order_by("pk")
    for row, text in [
        (ProvisionedGroup.objects.get(pk=followed), "Sa\u200bles"),
        (ProvisionedGroup.objects.get(pk=other), "Dev"),
    ]:
        as_before(row, "display_name", "display_name_key", text)
    as_before(mapped, "name", "name_key", "Sa\u200bles")
    as_before(alone, "name", "name_key", "De\u00adv")
    upgrade()
    assert keys(ProvisionedGroup, "display_name_key") == ["sales", "dev"]
    assert keys(GroupMapping) == ["sales", "de\u00adv"]


def test_an_upgrade_of_todays_keys_changes_nothing(scim):
    scim.group("Engineers", [scim.user("ada")])
    before = [list(model.objects.values()) for model in (ProvisionedUser, ProvisionedGroup, EndUser, EndUserGroup)]
    upgrade()
    assert before == [
        list(model.objects.values()) for model in (ProvisionedUser, ProvisionedGroup, EndUser, EndUserGroup)
    ]
