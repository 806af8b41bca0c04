"""Filters on what the server itself says of a resource, at the root, and as clients spell them in URLs."""

from urllib.parse import quote

import pytest

from provisioning.models import ScimRequest
from provisioning.payload.resources import ACCESS
from tests.scim import ENTERPRISE, GROUP, SEARCH, USER, entra_user, okta_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def ids(scim) -> dict[str, str]:
    """A user with the enterprise extension, one without, one with ours, and a group of the first."""
    ada = scim.post("/Users", entra_user("ada")).body["id"]
    bo = scim.user("bo")
    cy = scim.user("cy", **{ACCESS: {}})
    return {ada: "ada", bo: "bo", cy: "cy", scim.group("Engineers", [ada]): "Engineers"}


def found(scim, ids, path: str, text: str) -> str:
    answer = scim.get(f"{path}?filter={quote(text)}")
    assert answer.status == 200, answer.body
    searched = scim.post(f"{path.rstrip('/')}/.search", {"schemas": [SEARCH], "filter": text})
    assert searched.body["Resources"] == answer.body["Resources"]
    return " ".join(sorted(ids[resource["id"]] for resource in answer.body["Resources"]))


@pytest.mark.parametrize(
    ("text", "users"),
    [
        (f'schemas eq "{ENTERPRISE}"', "ada"),
        (f'SCHEMAS EQ "{ENTERPRISE.upper()}"', "ada"),
        (f'{USER}:schemas eq "{ENTERPRISE}"', "ada"),
        (f'schemas ne "{ENTERPRISE}"', "bo cy"),
        (f'not (schemas eq "{ENTERPRISE}")', "bo cy"),
        (f'schemas eq "{ACCESS}"', "cy"),
        (f'schemas eq "{ENTERPRISE}" or schemas eq "{ACCESS}"', "ada cy"),
        (f'schemas eq "{USER}" and userName sw "b"', "bo"),
        (f'schemas eq "{GROUP}"', ""),
        ('schemas co "enterprise"', "ada"),
        ('schemas sw "urn:ietf"', "ada bo cy"),
        ('schemas ew ":user"', "ada bo cy"),
        (f'schemas[value eq "{ENTERPRISE}"]', "ada"),
        ("schemas pr", "ada bo cy"),
        ("schemas eq null", ""),
        ('schemas pr and not (schemas co "enterprise")', "bo cy"),
        ('meta.version eq "W/\\"1\\""', "ada bo cy"),
        ('meta.version eq "W/\\"2\\""', ""),
        ('meta.version ne "W/\\"2\\"" and userName sw "a"', "ada"),
        ('meta.version sw "W/" and meta.location pr', "ada bo cy"),
        ('meta.location co "/Users/"', "ada bo cy"),
        ('meta.location eq "https://elsewhere.example/Users/1"', ""),
        ("meta.location eq null", ""),
    ],
)
def test_users_are_found_by_what_the_server_says(scim, ids, text, users):
    assert found(scim, ids, "/Users", text) == users


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        (f'schemas eq "{GROUP}"', "Engineers"),
        (f'schemas eq "{ENTERPRISE}"', ""),
        ("schemas pr", "Engineers"),
        ('meta.version eq "W/\\"1\\"" and displayName eq "engineers"', "Engineers"),
        ('meta.location ew "/"', ""),
    ],
)
def test_groups_too(scim, ids, text, groups):
    assert found(scim, ids, "/Groups", text) == groups


@pytest.mark.parametrize("path", ["/Users", "/Groups"])
def test_a_location_and_a_version_find_the_resource_that_shows_them(scim, ids, path):
    for resource in scim.get(path).body["Resources"]:
        meta = resource["meta"]
        version = meta["version"].replace('"', '\\"')
        text = f'meta.location eq "{meta["location"]}" and meta.version eq "{version}"'
        assert found(scim, ids, path, text) == ids[resource["id"]]
        assert found(scim, ids, path, f'meta.location eq "{meta["location"].upper()}"') == ""
        assert found(scim, ids, path, f'meta.location ne "{meta["location"]}" and id eq "{resource["id"]}"') == ""


def test_a_location_of_another_connection_finds_nothing(scim, other, ids):
    foreign = other.user("eve")
    location = other.get(f"/Users/{foreign}").body["meta"]["location"]
    assert found(scim, ids, "/Users", f'meta.location eq "{location}"') == ""
    assert found(scim, ids, "/", f'meta.location eq "{location}" or schemas eq "{GROUP}"') == "Engineers"


@pytest.mark.parametrize("sort", ["schemas", "meta.location", "meta.version"])
def test_lists_are_sorted_by_it(scim, ids, sort):
    shown = [user["id"] for user in scim.get(f"/Users?sortBy={sort}").body["Resources"]]
    assert shown == sorted(pk for pk in ids if ids[pk] != "Engineers")


@pytest.mark.parametrize(
    ("text", "resources"),
    [
        ('displayName co "e"', "Engineers ada bo cy"),
        ('userName sw "a" or displayName eq "Engineers"', "ada"),
        (f'schemas eq "{GROUP}" or schemas eq "{ENTERPRISE}"', "Engineers ada"),
        ('meta.resourceType eq "Group"', "Engineers"),
        ("not (schemas pr)", ""),
    ],
)
def test_the_root_finds_users_and_groups_as_its_search_does(scim, ids, text, resources):
    assert found(scim, ids, "/", text) == resources


def test_the_root_takes_the_parameters_of_a_list(scim, ids):
    answer = scim.get("/?startIndex=3&count=2&attributes=id")
    assert (answer.body["totalResults"], answer.body["startIndex"]) == (4, 3)
    assert [set(resource) for resource in answer.body["Resources"]] == [{"schemas", "id"}] * 2
    assert scim.get("/?filter=nope").body["scimType"] == "invalidFilter"
    assert scim.get("").body["totalResults"] == 4


PLUS = 'userName eq "bo+test@example.com"'


@pytest.mark.parametrize(
    "sent",
    [
        PLUS.replace(" ", "%20"),
        PLUS.replace(" ", "+"),
        PLUS.replace(" ", "%20").replace('"', "%22"),
        PLUS.replace(" ", "%20") + "%20and%20active%20eq%20true",
        'emails.value%20eq%20"bo+test@example.com"',
        'emails[type+eq+"work"+and+value+eq+"bo+test@example.com"]',
        'displayName%20eq%20"Bo+Test+Example"',
        'externalId%20eq%20"00ubo+test"',
    ],
)
def test_a_raw_plus_in_a_string_is_a_plus_where_a_blank_finds_nothing(scim, sent):
    scim.user("bo+test", displayName="Bo+Test+Example")
    scim.user("other")
    assert [user["externalId"] for user in scim.get(f"/Users?filter={sent}").body["Resources"]] == ["00ubo+test"]
    assert "a + in the filter that stands for itself instead of a blank" in ScimRequest.objects.latest("id").notes


def test_what_a_blank_finds_is_not_looked_for_with_a_plus(scim):
    scim.user("a", displayName="Bo Test")
    scim.user("b", displayName="Bo+Test")
    for sent, user_name in [("Bo+Test", "a@"), ("Bo%20Test", "a@"), ("Bo%2BTest", "b@")]:
        answer = scim.get(f'/Users?filter=displayName%20eq%20"{sent}"').body
        assert [user["userName"][:2] for user in answer["Resources"]] == [user_name]
        assert ScimRequest.objects.latest("id").notes == []


@pytest.mark.parametrize("sent", ['displayName+eq+"Bo%2BTest"', 'displayName%20eq%20"Bo%20Test"'])
def test_an_escaped_plus_or_blank_means_itself(scim, sent, django_assert_max_num_queries):
    scim.user("a", displayName="Bo+Test" if "%20Test" in sent else "Bo Test")
    assert scim.get(f"/Users?filter={sent}").body["totalResults"] == 0


def test_a_strict_connection_reads_a_plus_as_the_standard_says(scim):
    scim.user("bo+test")
    scim.connection.is_strict = True
    scim.connection.save()
    assert scim.get(f"/Users?filter={PLUS.replace(' ', '%20')}").body["totalResults"] == 0


@pytest.mark.parametrize("written", [12345, 12345.5, 0, 10**15])
def test_a_number_finds_the_text_that_was_sent_as_one(scim, written):
    scim.post("/Users", okta_user("ada", externalId=written, title=written))
    for text in (
        f"externalId eq {written}",
        f'externalId eq "{written}"',
        f"title eq {written}",
        f"title ge {written}",
    ):
        assert scim.get(f"/Users?filter={quote(text)}").body["totalResults"] == 1
    assert scim.get("/Users?filter=userName%20eq%205").body["totalResults"] == 0
    assert ScimRequest.objects.latest("id").notes == ["userName compared with a number"]


def test_a_strict_connection_refuses_a_number_for_a_text(scim):
    scim.connection.is_strict = True
    scim.connection.save()
    assert scim.get("/Users?filter=externalId%20eq%205").body["scimType"] == "invalidFilter"
