"""Our own extension: the environments and end-user groups that a User has through this connection, and it alone."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from provisioning.actions.mappings import add_mapping
from provisioning.models import ProvisionedUser, ProvisioningConnection
from provisioning.payload.resources import ACCESS
from tests.scim import USER, Scim, make_connection, okta_user
from workspace.actions.groups import create_group
from workspace.events import SYSTEM
from workspace.models import MANUAL, EndUser, EndUserGroup, Environment, EnvironmentAccess, GroupMembership, Source

pytestmark = pytest.mark.django_db
ENVIRONMENTS, GROUPS = f"{ACCESS}:environments", f"{ACCESS}:groups"
DEV = {"value": "dev", "display": "DEV"}


def access_of(scim, pk, asked=ACCESS):
    """What the extension says, also read as a list, which must say the same."""
    one = scim.get(f"/Users/{pk}?attributes={asked}").body
    [listed] = [user for user in scim.get(f"/Users?attributes={asked}").body["Resources"] if user["id"] == pk]
    assert listed == one
    assert set(one) <= {"schemas", "id", ACCESS}
    assert (ACCESS in one["schemas"]) == (ACCESS in one)
    return one.get(ACCESS)


def end_user(pk):
    return EndUser.objects.get(provisioned=pk)


def enter(pk, environment, source):
    """Access by this source too."""
    EnvironmentAccess.objects.get_or_create(end_user=end_user(pk), environment=environment, **source.fields())


def join(pk, name, environment, source):
    """A membership by this source too, in a group that it need not manage; the group's id."""
    group = EndUserGroup.objects.filter(environment=environment, name=name).first()
    group = group or create_group(environment=environment, name=name, by=SYSTEM)
    GroupMembership.objects.get_or_create(group=group, end_user=end_user(pk), **source.fields())
    return str(group.pk)


def pushed(scim, name):
    """The source that memberships have which a pushed group grants."""
    return scim.connection.groups.get(display_name=name).source


def engineers(scim):
    group = EndUserGroup.objects.get(environment=scim.connection.environment, name="Engineers")
    return {"value": str(group.pk), "display": "Engineers", "environment": "dev"}


def queries(scim, path):
    with CaptureQueriesContext(connection) as captured:
        assert scim.get(path).status == 200
    return len(captured)


@pytest.fixture
def prod(scim):
    """Another environment of the workspace."""
    workspace = scim.connection.environment.workspace
    return Environment.objects.create(workspace=workspace, name="PROD", slug="prod", kind="prod")


@pytest.fixture
def ada(scim):
    pk = scim.user("ada")
    scim.group("Engineers", [pk])
    return pk


@pytest.fixture(params=["another workspace", "another connection of the same workspace"])
def foreign(request, db):
    slug = "globex" if request.param == "another workspace" else "acme"
    return Scim(make_connection(slug, "Entra Test", "TEST"))


def test_it_says_what_the_connection_has_granted(scim, ada, prod):
    assert access_of(scim, ada) == {"environments": [DEV], "groups": [engineers(scim)]}
    enter(ada, prod, scim.connection.source)
    admins = join(ada, "Admins", prod, pushed(scim, "Engineers"))
    assert access_of(scim, ada) == {
        "environments": [DEV, {"value": "prod", "display": "PROD"}],
        "groups": [engineers(scim), {"value": admins, "display": "Admins", "environment": "prod"}],
    }


def test_it_says_what_mappings_grant(scim, ada, prod):
    admins = create_group(environment=prod, name="Admins", by=SYSTEM)
    add_mapping(connection=scim.connection, name="engineers", environment=prod, group=admins, by=SYSTEM)
    assert access_of(scim, ada) == {
        "environments": [DEV, {"value": "prod", "display": "PROD"}],
        "groups": [{"value": str(admins.pk), "display": "Admins", "environment": "prod"}],
    }


def test_a_group_that_several_pushed_groups_fill_stands_there_once(scim, ada):
    scim.group("Builders", [])
    join(ada, "Engineers", scim.connection.environment, pushed(scim, "Builders"))
    assert access_of(scim, ada, GROUPS) == {"groups": [engineers(scim)]}


def test_it_follows_what_happens_to_the_user(scim, ada):
    scim.patch(f"/Users/{ada}", {"op": "replace", "path": "active", "value": False})
    assert access_of(scim, ada) == {"groups": [engineers(scim)]}
    group = scim.connection.groups.get()
    scim.patch(f"/Groups/{group.pk}", {"op": "remove", "path": "members"})
    assert access_of(scim, ada) is None


def test_what_others_have_granted_is_not_shown(scim, ada, prod):
    for source in (MANUAL, Source("jit", str(scim.connection.pk)), Source("scim", "nonsense"), Source("scim", "")):
        enter(ada, prod, source)
        join(ada, f"Of {source.kind} {source.id}", prod, source)
    join(ada, "By just-in-time", prod, Source("jit", pushed(scim, "Engineers").id))
    assert access_of(scim, ada) == {"environments": [DEV], "groups": [engineers(scim)]}


def test_c2_what_another_connection_has_granted_the_same_person_is_not_shown(scim, ada, foreign):
    theirs = foreign.user("ada")
    foreign.group("Theirs", [theirs])
    ours = {"environments": [DEV], "groups": [engineers(scim)]}
    place = foreign.connection.environment
    assert access_of(scim, ada) == ours
    assert access_of(foreign, theirs)["environments"] == [{"value": "test", "display": "TEST"}]
    assert [group["display"] for group in access_of(foreign, theirs)["groups"]] == ["Theirs"]
    # Not even where both have granted something of the same environment or group.
    enter(ada, place, foreign.connection.source)
    enter(ada, scim.connection.environment, foreign.connection.source)
    join(ada, "Theirs", place, pushed(foreign, "Theirs"))
    join(ada, "Engineers", scim.connection.environment, pushed(foreign, "Theirs"))
    assert access_of(scim, ada) == ours


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        (ACCESS, {"environments", "groups"}),
        (ACCESS.upper(), {"environments", "groups"}),
        (ENVIRONMENTS, {"environments"}),
        (f"{GROUPS}.display", {"groups"}),
        (f"{ENVIRONMENTS}.value,{GROUPS}", {"environments", "groups"}),
    ],
)
def test_it_is_answered_as_far_as_it_is_asked_for(scim, ada, asked, names):
    assert set(access_of(scim, ada, asked)) == names


@pytest.mark.parametrize(
    "asked", ["", "?attributes=userName", "?attributes=environments,groups", f"?excludedAttributes={GROUPS}"]
)
def test_nobody_gets_it_who_does_not_ask(scim, ada, asked):
    for answer in (scim.get(f"/Users/{ada}{asked}"), scim.get(f"/Users{asked}")):
        assert "extension:access" not in answer.content.decode()


def test_a_change_answers_it_by_request(scim, ada):
    title = {"op": "add", "path": "title", "value": "Dr"}
    assert scim.patch(f"/Users/{ada}?attributes={ENVIRONMENTS}", title).body[ACCESS] == {"environments": [DEV]}
    created = scim.post(f"/Users?attributes={ACCESS}", okta_user("bob"))
    assert (created.status, created.body[ACCESS]) == (201, {"environments": [DEV]})


@pytest.mark.parametrize(("asked", "more"), [(ACCESS, 2), (ENVIRONMENTS, 1), (GROUPS, 1), ("userName", 0)])
def test_it_takes_one_query_for_each_of_both_however_many_users_there_are(scim, ada, asked, more):
    without = queries(scim, "/Users?attributes=id")
    assert queries(scim, f"/Users?attributes={asked}") == without + more
    scim.group("Builders", [scim.user(f"u{n}") for n in range(5)])
    assert queries(scim, f"/Users?attributes={asked}") == without + more


CLAIM = {"environments": [{"value": "prod"}], "groups": [{"value": "x", "display": "Admins"}]}


@pytest.mark.parametrize(
    "sent",
    [{ACCESS: CLAIM}, {ACCESS: "nonsense"}, {ENVIRONMENTS: CLAIM["environments"]}, {f"{GROUPS}.value": "x"}],
)
def test_c4_it_is_ignored_in_a_whole_user(scim, ada, sent):
    schemas = {"schemas": [USER, ACCESS]}
    before = access_of(scim, ada)
    assert scim.put(f"/Users/{ada}", okta_user("ada") | schemas | sent).status == 200
    created = scim.post("/Users", okta_user("bob") | schemas | sent)
    assert created.status == 201
    assert access_of(scim, ada) == before
    assert access_of(scim, created.body["id"]) == {"environments": [DEV]}
    assert not any(":" in name for row in ProvisionedUser.objects.all() for name in row.document)


@pytest.mark.parametrize(
    "sent",
    [
        {"path": ACCESS, "value": CLAIM},
        {"path": ACCESS.upper(), "value": {"groups": []}},
        {"path": ENVIRONMENTS, "value": CLAIM["environments"]},
        {"path": f"{GROUPS}.value", "value": "x"},
        {"path": f'{ENVIRONMENTS}[value eq "dev"]', "value": {"value": "prod"}},
    ],
)
@pytest.mark.parametrize("op", ["add", "replace", "remove"])
def test_c4_a_patch_of_it_is_refused(scim, ada, op, sent):
    before = access_of(scim, ada)
    answer = scim.patch(f"/Users/{ada}", {"op": op} | sent)
    assert (answer.status, answer.body["scimType"]) == (400, "mutability")
    assert ACCESS in answer.body["detail"]
    # Without a path, a client may send back all that it has read.
    assert scim.patch(f"/Users/{ada}", {"op": "add", "value": {sent["path"]: CLAIM}}).status == 200
    assert any(note.startswith("Ignored the ") for note in scim.connection.requests.latest("id").notes)
    assert access_of(scim, ada) == before


@pytest.mark.parametrize("value", [{}, {"schemas": [ACCESS]}])
@pytest.mark.parametrize("op", ["add", "replace"])
@pytest.mark.parametrize("is_strict", [False, True])
def test_written_without_attributes_it_is_shown_as_it_was_written(scim, ada, op, value, is_strict):
    ProvisioningConnection.objects.update(is_strict=is_strict)
    before = access_of(scim, ada)
    title = {"op": "add", "path": "title", "value": "Countess"}
    written = scim.patch(f"/Users/{ada}", {"op": op, "path": ACCESS.upper(), "value": value}, title)
    again = scim.patch(f"/Users/{ada}", title | {"value": "Lady"})
    for answer in (written, again, scim.get(f"/Users/{ada}")):
        assert (answer.status, answer.body[ACCESS], ACCESS in answer.body["schemas"]) == (200, {}, True)
    assert (written.body["title"], again.body["title"]) == ("Countess", "Lady")
    assert access_of(scim, ada) == before
    for sent in ({}, {ACCESS: value}):
        replaced = scim.put(f"/Users/{ada}", okta_user("ada") | {"schemas": [USER, *sent]} | sent)
        assert (replaced.status, ACCESS in replaced.body, ACCESS in replaced.body["schemas"]) == (
            200,
            bool(sent),
            bool(sent),
        )
    assert access_of(scim, ada) == before


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f'{ENVIRONMENTS}.value eq "dev"', {"ada", "bob"}),
        (f'{ENVIRONMENTS} eq "prod"', {"bob"}),
        (f'{ENVIRONMENTS}.value eq "PROD"', set()),
        (f'{ENVIRONMENTS}.display sw "PR"', {"bob"}),
        (f'{ENVIRONMENTS}[value eq "prod" and display eq "DEV"]', set()),
        (f"{ENVIRONMENTS} pr", {"ada", "bob"}),
        (f"not ({ENVIRONMENTS} pr)", {"cleo"}),
        (f'{ENVIRONMENTS}.value ne "prod"', {"ada", "cleo"}),
        (f'{GROUPS}.display co "GINE"', {"ada"}),
        (f'{GROUPS}.value eq "{{group}}"', {"ada"}),
        (f'{GROUPS.upper()}.Environment eq "dev"', {"ada"}),
        (f'{GROUPS}[environment eq "dev" and display eq "engineers"]', {"ada"}),
        (f"{GROUPS} eq null", {"bob", "cleo"}),
    ],
)
def test_lists_are_filtered_by_it(scim, ada, prod, text, found):
    enter(scim.user("bob"), prod, scim.connection.source)
    scim.user("cleo", active=False)
    text = text.format(group=engineers(scim)["value"])
    answer = scim.post("/Users/.search", {"filter": text})
    assert answer.status == 200, answer.body
    assert {user["userName"].partition("@")[0] for user in answer.body["Resources"]} == found


@pytest.mark.parametrize(
    "text",
    [
        f'{ENVIRONMENTS}.value eq "test"',
        f'{GROUPS}.display eq "Theirs"',
        f'{GROUPS}.display eq "By hand"',
        f'{GROUPS}[not (display eq "Engineers")]',
    ],
)
def test_c2_a_filter_finds_nothing_that_others_have_granted(scim, ada, foreign, text):
    theirs = foreign.user("ada")
    foreign.group("Theirs", [theirs])
    place = foreign.connection.environment
    enter(ada, place, foreign.connection.source)
    enter(ada, place, MANUAL)
    join(ada, "Theirs", place, pushed(foreign, "Theirs"))
    join(ada, "By hand", place, MANUAL)
    assert scim.post("/Users/.search", {"filter": text}).body["totalResults"] == 0
    assert scim.post("/Users/.search", {"filter": f"not ({text})"}).body["totalResults"] == 1


@pytest.mark.parametrize("text", [f"{ACCESS} pr", f'{GROUPS}.type eq "x"', 'environments.value eq "dev"'])
def test_a_filter_by_anything_else_of_it_is_refused(scim, text):
    answer = scim.post("/Users/.search", {"filter": text})
    assert (answer.status, answer.body["scimType"]) == (400, "invalidFilter")


@pytest.mark.parametrize("by", [f"{GROUPS}.display", f"{ENVIRONMENTS}"])
def test_lists_are_sorted_by_it(scim, prod, by):
    names = ["cleo", "ada", "bob"]
    for name, letter in zip(names, "CAB", strict=True):
        pk = scim.user(name)
        scim.group(f"{letter} of {name}", [pk])
        EnvironmentAccess.objects.filter(end_user=end_user(pk)).delete()
        slug = {"slug": f"{letter}-place".lower(), "name": letter, "kind": "dev"}
        place = Environment.objects.create(workspace=scim.connection.environment.workspace, **slug)
        enter(pk, place, scim.connection.source)
    scim.user("last", active=False)
    answer = scim.post("/Users/.search", {"sortBy": by})
    assert [user["userName"].partition("@")[0] for user in answer.body["Resources"]] == ["ada", "bob", "cleo", "last"]


def test_the_schema_says_so(scim):
    schema = scim.get(f"/Schemas/{ACCESS}").body
    assert schema["name"] == "Access"
    assert schema["description"]
    parts = {
        attribute["name"]: {part["name"] for part in attribute["subAttributes"]} for attribute in schema["attributes"]
    }
    assert parts == {"environments": {"value", "display"}, "groups": {"value", "display", "environment"}}
    for attribute in schema["attributes"]:
        assert (attribute["multiValued"], attribute["returned"]) == (True, "request")
        for each in (attribute, *attribute["subAttributes"]):
            assert (each["mutability"], each["required"], bool(each["description"])) == ("readOnly", False, True)
