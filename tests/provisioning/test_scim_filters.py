"""SCIM filters: what they find, what they refuse, and which index they use."""

from datetime import timedelta, timezone
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection as database

from provisioning.models import (
    ProvisionedEmail,
    ProvisionedGroup,
    ProvisionedMembership,
    ProvisionedUser,
    ProvisioningConnection,
)
from provisioning.payload.documents import folded
from provisioning.payload.errors import ScimError
from provisioning.payload.resources import ENTERPRISE, Group, User
from provisioning.search.filters import compile_filter
from tests.scim import make_connection
from workspace.db.keys import canonical
from workspace.models import EndUser

pytestmark = pytest.mark.django_db

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
ADA = {
    "userName": "Ada@Example.com",
    "externalId": "00uADA",
    "displayName": "Ada Lovelace",
    "active": True,
    "title": "100% _pure\\",
    "name": {"givenName": "Ada", "familyName": "Straße"},
    "emails": [
        {"value": "Ada@Example.com", "type": "work", "primary": True},
        {"value": "ada@home.org", "type": "home"},
    ],
    ENTERPRISE: {"department": "Engines", "manager": {"value": "26118915-6090-4610-87e4-49d8ca9f808d"}},
}
BOB = {
    "userName": "bob@example.com",
    "active": False,
    "title": "1000 xpure",
    "emails": [{"value": "bob@example.com", "type": "home", "primary": False}],
    "addresses": [{"type": "work", "locality": "Bern"}, {"type": "home", "locality": "Basel"}],
}
CY = {"userName": "cy", "displayName": "ÉCOLE"}


def add_user(connection: ProvisioningConnection, document: dict[str, Any]) -> ProvisionedUser:
    name = document["userName"]
    person = EndUser.objects.create(workspace=connection.environment.workspace, full_name=name, email=str(uuid4()))
    user = connection.users.create(
        end_user=person,
        user_name=name,
        external_id=document.get("externalId", ""),
        is_active=document.get("active", True),
        display_name_key=canonical(document.get("displayName", "")),
        document=document,
        folded=folded(document, User),
    )
    ProvisionedEmail.objects.bulk_create(
        ProvisionedEmail(
            user=user,
            connection=connection,
            value_key=canonical(email["value"]),
            type_key=canonical(email.get("type", "")),
        )
        for email in document.get("emails", [])
        if "value" in email
    )
    return user


def add_group(connection: ProvisioningConnection, name: str, *members: ProvisionedUser) -> ProvisionedGroup:
    document = {"displayName": name}
    group = connection.groups.create(display_name=name, document=document, folded=folded(document, Group))
    ProvisionedMembership.objects.bulk_create(ProvisionedMembership(group=group, user=user) for user in members)
    return group


@pytest.fixture
def connection() -> ProvisioningConnection:
    connection = make_connection()
    for document in (ADA, BOB, CY):
        add_user(connection, document)
    return connection


def found(connection: ProvisioningConnection, text: str) -> str:
    """The first letters of the users that the filter finds, in order, each as often as it is found."""
    users = connection.users.filter(compile_filter(text, resource="User"))
    return "".join(sorted(user.user_name[0].lower() for user in users))


def refusal(text: str, resource: Any = "User") -> str:
    with pytest.raises(ScimError) as refused:
        compile_filter(text, resource=resource)
    assert (refused.value.status, refused.value.scim_type) == (400, "invalidFilter")
    return refused.value.detail


def find_cases(*cases: tuple[str, str]) -> Any:
    return pytest.mark.parametrize(("text", "users"), cases, ids=[text for text, _ in cases])


@find_cases(
    ('title pr or active eq true and userName eq "nobody"', "ab"),
    ('userName eq "nobody" and active eq true or title pr', "ab"),
    ('(title pr or active eq true) and userName eq "cy"', "c"),
    ('not (title pr) and active eq true or userName sw "bob"', "bc"),
    ("not (title pr and active eq true)", "bc"),
    ("not(title pr) or not (active eq true)", "bc"),
    ('NOT (title PR) AND userName SW "C"', "c"),
)
def test_c6_and_binds_tighter_than_or_and_not_than_both(connection, text, users):
    assert found(connection, text) == users


@find_cases(
    ('userName eq "ADA@EXAMPLE.COM"', "a"),
    ('username Eq "ada@example.com "', "a"),
    ('displayName eq "e\\u0301cole"', "c"),
    ('name.familyName eq "STRASSE"', "a"),
    ('name.familyname co "ss"', "a"),
    ('displayName sw "école"', "c"),
    ('displayName ew "LACE"', "a"),
    ('emails.value ew "@EXAMPLE.com"', "ab"),
)
def test_c13_strings_compare_by_their_canonical_key(connection, text, users):
    assert found(connection, text) == users


@find_cases(
    ('externalId eq "00uADA"', "a"),
    ('externalId eq "00uada"', ""),
    ('externalId co "UADA"', ""),
    (f'{ENTERPRISE}:manager.value eq "26118915-6090-4610-87E4-49d8ca9f808d"', ""),
)
def test_case_exact_attributes_compare_exactly(connection, text, users):
    assert found(connection, text) == users


@find_cases(
    ('title co "%"', "a"),
    ('title sw "100% _"', "a"),
    ('title co "_pure"', "a"),
    ('title sw "100_"', ""),
    ('title sw "1%"', ""),
    ('title ew "pure\\\\"', "a"),
    ('userName co "_"', ""),
    ('userName sw "%"', ""),
    ('title eq "100% _pure\\\\"', "a"),
    ('title eq "x\' OR 1=1 --"', ""),
    ('title co "\\"); DROP"', ""),
)
def test_c6_like_wildcards_and_quotes_are_plain_characters(connection, text, users):
    assert found(connection, text) == users


@find_cases(
    ("active eq true", "ac"),
    ("active eq false", "b"),
    ('active eq "True"', "ac"),
    ('active eq "False"', "b"),
    ("active ne true", "b"),
    ("emails.primary eq true", "a"),
    ("emails.primary eq false", "b"),
    ("emails[primary eq false]", "b"),
    ("emails[primary ne true]", "ab"),
    ("emails[not (primary pr)]", "a"),
)
def test_booleans(connection, text, users):
    assert found(connection, text) == users


@find_cases(
    ('displayName ne "Ada Lovelace"', "bc"),
    ('not (displayName eq "Ada Lovelace")', "bc"),
    ('externalId ne "00uADA"', "bc"),
    ('name.givenName ne "Ada"', "bc"),
    ('not (name.givenName co "Ada")', "bc"),
    ('emails.type ne "work"', "bc"),
    ('emails[type ne "work"]', "ab"),
    ('not (emails[type eq "work"])', "bc"),
    ('title lt "zzz"', "ab"),
    ('not (title lt "zzz")', "c"),
    ("displayName pr", "ac"),
    ("not (displayName pr)", "b"),
    ("displayName eq null", "b"),
    ("displayName ne null", "ac"),
    ('displayName co ""', "ac"),
    ('displayName eq ""', ""),
    ("displayName gt null", ""),
    ("title eq null", "c"),
    ("emails eq null", "c"),
    ("emails.primary eq null", "ac"),
    ("emails pr", "ab"),
    ("name pr", "a"),
    ("meta pr", "abc"),
)
def test_an_absent_attribute_equals_only_null_and_no_verdict_is_unknown(connection, text, users):
    assert found(connection, text) == users


@find_cases(
    ('emails[type eq "work" and value co "@example"]', "a"),
    ('emails[type eq "home" and value co "@example"]', "b"),
    ('emails.type eq "home" and emails.value co "@example"', "ab"),
    ('emails[type eq "work" or value ew ".org"]', "a"),
    ('emails[type eq "work" or value eq "nobody@home.org"]', "a"),
    ('emails[not (value eq "ada@home.org")]', "ab"),
    ('emails[value ne "ada@home.org" and type eq "home"]', "b"),
    ('emails[type eq "work"].value eq "ADA@example.com"', "a"),
    ('emails[type eq "work"].value eq "ada@home.org"', ""),
    ('emails[type eq "home"].value pr', "ab"),
    ('emails eq "ada@home.org"', "a"),
    ('emails co "home"', "a"),
    ('addresses[type eq "work"].locality eq "bern"', "b"),
    ('addresses[type eq "work" and locality eq "Basel"]', ""),
    ('not (addresses[locality sw "b"])', "ac"),
)
def test_multi_valued_attributes_match_element_by_element(connection, text, users):
    assert found(connection, text) == users


@find_cases(
    (f'{CORE}:userName eq "cy"', "c"),
    (f'{CORE.upper()}:NAME.GIVENNAME eq "ada"', "a"),
    (f'{ENTERPRISE}:department eq "engines"', "a"),
    (f'{ENTERPRISE.upper()}:Department sw "ENG"', "a"),
    (f"{ENTERPRISE}:manager pr", "a"),
    (f"not ({ENTERPRISE}:department pr)", "bc"),
    (f'{CORE}:emails[type eq "work"]', "a"),
)
def test_attributes_may_carry_the_urn_of_their_schema(connection, text, users):
    assert found(connection, text) == users


def test_entra_asks_for_id_and_manager(connection):
    ada = connection.users.get(user_name_key="ada@example.com")
    manager = ADA[ENTERPRISE]["manager"]["value"]
    assert found(connection, f'id eq "{ada.pk}" and manager eq "{manager}"') == "a"
    assert found(connection, f'id eq "{ada.pk}" and manager eq "{uuid4()}"') == ""
    assert found(connection, f'userName eq "{uuid4()}"') == ""


def test_ids_are_found_exactly_and_a_malformed_one_is_nobodys(connection):
    ada = connection.users.get(user_name_key="ada@example.com")
    for text in (f'id eq "{ada.pk}"', f'id sw "{str(ada.pk)[:14]}" and id ew "{str(ada.pk)[-12:]}"'):
        assert found(connection, text) == "a"
    for text in ("nonsense", "", str(ada.pk).upper(), ada.pk.hex, f"{{{ada.pk}}}"):
        assert found(connection, f'id eq "{text}"') == ""
        assert found(connection, f'id ne "{text}"') == "abc"
    assert found(connection, "id pr") == "abc"


def test_times_compare_as_times(connection):
    ada = connection.users.get(user_name_key="ada@example.com")
    changed = ada.updated_at + timedelta(days=2)
    connection.users.filter(pk=ada.pk).update(updated_at=changed)
    for text in ((changed - timedelta(hours=1)).isoformat(), f"{changed - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"):
        assert found(connection, f'meta.lastModified gt "{text}"') == "a"
        assert found(connection, f'meta.lastModified le "{text}"') == "bc"
    assert found(connection, f'meta.lastModified eq "{changed.isoformat()[:-6]}Z"') == "a"
    east = changed.astimezone(timezone(timedelta(hours=3)))
    assert found(connection, f'meta.lastModified eq "{east.isoformat()}"') == "a"
    assert found(connection, f'meta.created gt "{changed.isoformat()}"') == ""
    assert found(connection, 'meta.resourceType eq "User"') == "abc"
    assert found(connection, 'meta.resourceType eq "Group"') == ""


def test_text_is_ordered_by_code_points(connection):
    assert found(connection, 'userName lt "b"') == "a"
    assert found(connection, 'displayName gt "z"') == "c"  # é comes after z, whatever the collation
    assert found(connection, 'title ge "1000" and title lt "1001"') == "b"
    assert found(connection, 'name.familyName gt "stra" and name.familyName le "strasse"') == "a"


def test_members_and_groups(connection):
    ada, bob, _ = connection.users.order_by("user_name_key")
    engines = add_group(connection, "Engines", ada, bob)
    empty = add_group(connection, "Émpty")

    def groups(text: str) -> list[ProvisionedGroup]:
        return list(connection.groups.filter(compile_filter(text, resource="Group")).order_by("display_name"))

    for text in (
        'members eq "{}"',
        'members.value eq "{}"',
        'members[value eq "{}"]',
        'members[type eq "User" and value eq "{}"]',
    ):
        assert groups(text.format(ada.pk)) == [engines]
        assert groups(text.format(uuid4())) == []
        assert groups(text.format("nonsense")) == []
    assert groups('displayName eq "e\u0301MPTY"') == [empty]
    assert groups("members pr") == [engines]
    assert groups("not (members pr)") == [empty]
    assert groups(f'members ne "{ada.pk}"') == [empty]
    assert groups("members eq null") == [empty]
    assert groups('members.display eq "ADA@example.com"') == [engines]  # the person's full name
    assert groups(f'displayName sw "e" and members.value eq "{bob.pk}"') == [engines]
    assert found(connection, f'groups.value eq "{engines.pk}"') == "ab"
    assert found(connection, 'groups[display eq "ENGINES" and type eq "direct"]') == "ab"
    assert found(connection, "not (groups pr)") == "c"
    assert found(connection, f'groups eq "{empty.pk}"') == ""


def test_a_user_with_the_same_address_twice_is_found_once(connection):
    add_user(connection, {"userName": "dup", "emails": [{"value": "d@x.org", "type": "work"}, {"value": "D@x.org"}]})
    assert found(connection, 'emails.value eq "d@x.org"') == "d"
    assert found(connection, 'emails.value eq "d@x.org" or emails.type eq "work"') == "ad"


@pytest.mark.parametrize(
    "text",
    [
        'userName pr or userName eq "x"',
        'not (userName eq "x")',
        'userName ne "x"',
        'id eq "{id}" or id eq "{id}"',
        'emails.value eq "ada@home.org" or emails[type eq "work"].value eq "ada@example.com"',
        'not (emails.value eq "x@y.z")',
        'groups.value eq "{group}" or groups pr',
        "active eq true or active eq false",
    ],
)
def test_c2_no_filter_leaks_rows_of_another_connection(connection, text):
    other = make_connection("globex")
    foreign = add_user(other, ADA | {"externalId": "foreign"})
    group = add_group(other, "Foreign", foreign)
    condition = compile_filter(text.format(id=foreign.pk, group=group.pk), resource="User")
    assert foreign in other.users.filter(condition)
    assert foreign not in connection.users.filter(condition)
    assert {user.connection_id for user in connection.users.filter(condition)} <= {connection.pk}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('favouriteColour eq "red"', "favouriteColour"),
        ("name.middle pr", "name.middle"),
        ('emails.colour eq "red"', "colour"),
        ('emails[colour eq "red"]', "colour"),
        ('emails[emails.type eq "work"]', "emails.type"),
        ('urn:example:2.0:User:department eq "x"', "urn:example:2.0:User:department"),
        (f'{ENTERPRISE}:salary gt "1"', "salary"),
        ('password eq "x"', "password"),
        ("password pr", "password"),
        ('meta.location eq "x"', "meta.location"),
        ('groups.$ref eq "x"', "$ref"),
        ("userName pr or (active eq true and nonsense pr)", "nonsense"),
        ('userName.value eq "x"', "userName.value"),
    ],
)
def test_c6_an_unknown_attribute_is_refused_by_name(text, named):
    assert named in refusal(text)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("active gt true", "active"),
        ('active co "t"', "active"),
        ('active eq "maybe"', "active"),
        ("active eq 1", "active"),
        ('name eq "x"', "name"),
        ('addresses eq "x"', "addresses"),
        ("name eq null", "name"),
        ("userName eq 5", "userName"),
        ("userName eq true", "userName"),
        ('userName eq "a\\u0000b"', "userName"),
        ('userName eq "\\ud800"', "userName"),
        ("meta.created gt 5", "meta.created"),
        ('meta.created gt "5"', "meta.created"),
        ('meta.created gt "yesterday"', "meta.created"),
        ('meta.created gt "0001-01-01T00:00:00+14:00"', "meta.created"),
        ('meta.created sw "2026"', "meta.created"),
        ('x509Certificates.value gt "x"', "x509Certificates.value"),
        ('name[familyName eq "x"]', "name"),
        ('userName[value eq "x"]', "userName"),
        ("emails.primary gt true", "emails.primary"),
        ('emails[primary eq "maybe"]', "emails.primary"),
    ],
)
def test_a_comparison_that_the_type_has_not_is_refused(text, named):
    assert named in refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "userName",
        "userName eq",
        'userName eq "x',
        "userName eq x",
        'userName like "x"',
        "userName pr and",
        "(userName pr",
        "userName pr)",
        "not userName pr",
        'emails[type eq "x"',
        "emails[]",
        'a eq "\\x"',
        "\x00",
        "emails.a.b pr",
        'emails[type[value eq "x"]]',
        "userName eq 1e999",
        "pr",
        '"',
        "\\",
        "userName pr userName pr",
    ],
)
def test_c6_what_is_no_filter_is_refused(text):
    assert "cannot be read" in refusal(text)


def test_c6_limits_are_exact():
    compile_filter(" and ".join(["title pr"] * 20), resource="User")
    assert "20" in refusal(" and ".join(["title pr"] * 21))
    assert "20" in refusal(" or ".join(['emails[type eq "work"].value eq "x"'] * 11))
    compile_filter("(" * 10 + "title pr" + ")" * 10, resource="User")
    assert "10" in refusal("(" * 11 + "title pr" + ")" * 11)
    assert "10" in refusal("not (" * 10 + "emails[type pr]" + ")" * 10)
    compile_filter('title eq "' + "x" * 1_989 + '"', resource="User")
    assert "2000" in refusal('title eq "' + "x" * 1_990 + '"')


def test_c6_limits_do_not_count_what_stands_in_a_string(connection):
    assert found(connection, 'title eq "' + "(" * 30 + " eq " * 30 + '\\""') == ""


@pytest.mark.parametrize(
    "text",
    [
        "(" * 2_000,
        "not(" * 500,
        "[" * 2_000,
        '"' * 2_000,
        '"' + '\\"' * 999,
        "a" * 2_000,
        "a." * 1_000,
        "a:" * 1_000,
        "urn:" + "a:" * 900 + " pr",
        "urn:" + "a." * 900 + " pr",
        "title pr and " * 150,
        "title pr " * 200,
        "pr" * 1_000,
        "$" * 2_000,
        "title eq " + "1" * 1_900,
        "title eq 1e" + "9" * 1_900,
        "é" * 2_000,
        "x" * 5_000_000,
        "(" * 5_000_000,
    ],
    ids=lambda text: f"{text[:12]}*{len(text)}",
)
def test_c6_what_is_too_much_is_refused(text):
    refusal(text)


@pytest.mark.parametrize("text", ["(" * 11, "[" * 11, "title eq " * 21, "a" * 2_001, '"' * 2_001])
def test_c6_limits_are_looked_at_before_anything_is_parsed(text):
    assert "cannot be read" not in refusal(text)


@pytest.fixture
def crowd(connection):
    """Enough users that an index is worth its while, and statistics that say so."""
    people = EndUser.objects.bulk_create(
        EndUser(workspace=connection.environment.workspace, full_name="x", email=f"{n}", email_key=f"{n}")
        for n in range(2_000)
    )
    users = ProvisionedUser.objects.bulk_create(
        ProvisionedUser(
            connection=connection, end_user=person, user_name=f"u{n}", user_name_key=f"u{n}", external_id=f"e{n}"
        )
        for n, person in enumerate(people)
    )
    ProvisionedEmail.objects.bulk_create(
        ProvisionedEmail(user=user, connection=connection, value_key=f"{user.user_name}@example.com") for user in users
    )
    if database.vendor == "postgresql":
        with database.cursor() as cursor:
            cursor.execute("ANALYZE")
    return connection


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ('userName eq "u77"', "scim_user_name_unique"),
        ('userName eq "u77" and active eq true', "scim_user_name_unique"),
        ('externalId eq "e77"', "scim_user_external_id_unique"),
        ('emails.value eq "u77@example.com"', "scim_email_by_value"),
        ('emails[type eq "work"].value eq "u77@example.com"', "scim_email_by_value"),
        ('displayName eq "x"', "scim_user_by_display_name"),
    ],
)
def test_equality_uses_the_index(crowd, text, index):
    explained = crowd.users.filter(compile_filter(text, resource="User")).explain()
    assert index in explained or "sqlite_autoindex" in explained
    assert "SCAN provisioning" not in explained and "Seq Scan" not in explained, explained


@pytest.mark.parametrize("last", ["a", "\ud7ff", "\uffff", "\U0010ffff"], ids=ascii)
def test_what_begins_so_ends_before_the_next_character_wherever_that_is(scim, last):
    """Half surrogates follow U+D7FF and are no characters; nothing follows the last character."""
    names = [f"x{last}", f"x{last}y", f"x{last}\U0010ffff", "x", "w", f"y{last}", f"x{'b' if last == 'a' else 'a'}"]
    for number, name in enumerate(names):
        scim.user(f"u{number}", externalId=name)
    found = scim.post("/Users/.search", {"filter": f'externalId sw "x{last}"'}).body["Resources"]
    assert [user["externalId"] for user in found] == names[:3]
