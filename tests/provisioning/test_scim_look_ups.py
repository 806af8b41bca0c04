"""The look-ups that IdPs send before everything they do take a short way to the same answer."""

import json
from itertools import product
from urllib.parse import quote

import pytest

from provisioning.models import ProvisionedUser
from tests.scim import okta_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def filled(scim, other):
    scim.user("ada")
    scim.post("/Users", okta_user("Zoë", externalId="00uZ"))
    scim.group("Engineers")
    scim.post("/Groups", {"displayName": "Support", "externalId": "s-1"})
    for name in ("Sales", "Ops", "Law"):
        scim.user(name, externalId="shared")
        scim.post("/Groups", {"displayName": name, "externalId": "shared"})
    other.user("ada")
    other.group("Engineers")
    return scim


LOOK_UPS = [
    ("Users", 'userName eq "ada@example.com"'),
    ("Users", 'USERNAME EQ "ADA@example.COM"'),
    ("Users", 'externalId eq "00uZ"'),
    ("Users", 'externalId eq "00uz"'),
    ("Users", 'externalId eq "shared"'),
    ("Users", 'userName eq "nobody@example.com"'),
    ("Users", 'userName eq " ada@example.com"'),
    ("Users", 'displayName eq "Ada Winter"'),
    ("Groups", 'displayName eq "engineers"'),
    ("Groups", 'externalId eq "s-1"'),
    ("Groups", 'externalId eq "shared"'),
    ("Groups", 'displayName eq "Nobody"'),
]
PAGES = ["", "&startIndex=1&count=100", "&startIndex=2", "&count=0", "&count=1", "&count=2", "&attributes=id"]


def test_the_short_way_and_the_long_way_answer_the_same(filled):
    for (kind, text), more in product(LOOK_UPS, PAGES):
        short = filled.get(f"/{kind}?filter={quote(text)}{more}")
        long = filled.get(f"/{kind}?filter={quote(f'({text})')}{more}")
        assert short.status == long.status == 200, (text, more)
        assert short.body == long.body, (text, more)


def test_whoever_searches_by_post_gets_the_same(filled):
    text = 'userName eq "ada@example.com"'
    searched = filled.post("/Users/.search", {"filter": text})
    assert searched.body == filled.get(f"/Users?filter={quote(text)}").body
    assert searched.body["totalResults"] == 1


def test_it_costs_no_more_queries_than_a_page(filled, django_assert_max_num_queries):
    with django_assert_max_num_queries(4):
        answer = filled.get("/Users?filter=userName+eq+%22ada%40example.com%22")
    assert ProvisionedUser.objects.get(pk=answer.body["Resources"][0]["id"]).connection == filled.connection


@pytest.mark.parametrize("name", ["emails", "nope", "id", "meta.created"])
def test_other_attributes_take_the_long_way(filled, name):
    text = f'{name} eq "x"'
    short, long = (filled.get(f"/Users?filter={quote(each)}") for each in (text, f"({text})"))
    assert short.status == long.status
    assert json.loads(short.content).get("scimType") == json.loads(long.content).get("scimType")
