"""SCIM filters that are refused."""

import pytest

from provisioning.payload.resources import ENTERPRISE
from provisioning.search.filters import compile_filter
from tests.provisioning.filtering import refusal

pytestmark = pytest.mark.django_db


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
        ('meta.place eq "x"', "meta.place"),
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
    compile_filter(" and ".join(["title pr"] * 20), kind="User")
    assert "20" in refusal(" and ".join(["title pr"] * 21))
    assert "20" in refusal(" or ".join(['emails[type eq "work"].value eq "x"'] * 11))
    compile_filter("(" * 10 + "title pr" + ")" * 10, kind="User")
    assert "10" in refusal("(" * 11 + "title pr" + ")" * 11)
    assert "10" in refusal("not (" * 10 + "emails[type pr]" + ")" * 10)
    compile_filter('title eq "' + "x" * 1_989 + '"', kind="User")
    assert "2000" in refusal('title eq "' + "x" * 1_990 + '"')


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
