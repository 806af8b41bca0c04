"""Far pages by number are found from a row that was seen there before, and are those that counting finds."""

import random
import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from provisioning.models import ProvisionedUser
from provisioning.search import parts, places
from provisioning.search.kinds import USERS
from provisioning.search.places import START, places_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def near(monkeypatch):
    monkeypatch.setattr(parts, "FAR", 2)


def page(scim, start, count=2):
    return [one["id"] for one in scim.get(f"/Users?startIndex={start}&count={count}").body.get("Resources", [])]


def ids(scim):
    return [str(pk) for pk in scim.connection.users.order_by("id").values_list("id", flat=True)]


def begin(scim, first):
    """How many rows the place has before it from which the page after the first rows is found."""
    return places_of(USERS, scim.connection.pk).nearest(first).before


@pytest.fixture
def people(scim):
    return [scim.user(f"user{number}") for number in range(9)]


def test_the_next_page_is_found_from_the_one_before(scim, people):
    assert (page(scim, 5), begin(scim, 6), begin(scim, 3)) == (people[4:6], 4, 0)
    assert (page(scim, 7), begin(scim, 8), begin(scim, 5)) == (people[6:8], 6, 4)
    assert page(scim, 7) == people[6:8] and page(scim, 6) == people[5:7] and page(scim, 4) == people[3:5]
    assert page(scim, 9) == people[8:] and page(scim, 10) == []


def test_a_far_page_asks_once_more_whether_rows_went_and_the_first_one_three_times(scim, people):
    asked = []
    for start in (1, 5, 7, 9):
        with CaptureQueriesContext(connection) as queries:
            page(scim, start)
        asked.append(len(queries))
    assert asked == [asked[0], asked[0] + 2, asked[0] + 1, asked[0] + 1]


def test_new_users_follow(scim, people):
    page(scim, 7)
    new = scim.user("new")
    assert begin(scim, 8) == 6 and page(scim, 9) == [people[8], new]


@pytest.mark.parametrize("gone", [0, 6, 8])
def test_where_a_user_went_rows_are_counted_off_again(scim, people, gone):
    page(scim, 7)
    scim.delete(f"/Users/{people[gone]}")
    scim.user("new")
    assert places_of(USERS, scim.connection.pk).nearest(8) == START
    assert page(scim, 8) == ids(scim)[7:9]


def test_where_a_user_comes_with_an_older_id_rows_are_counted_off_again(scim, people):
    old = ProvisionedUser.objects.get(pk=people[0])
    scim.delete(f"/Users/{people[0]}")
    page(scim, 6)
    assert begin(scim, 7) == 5
    old.save(force_insert=True)
    assert begin(scim, 7) == 0 and page(scim, 7) == people[6:8]


def test_after_a_minute_rows_are_counted_off_again(scim, people, monkeypatch):
    page(scim, 7)
    now = time.monotonic()
    monkeypatch.setattr(places.time, "monotonic", lambda: now + 59)
    assert begin(scim, 8) == 6
    monkeypatch.setattr(places.time, "monotonic", lambda: now + 61)
    assert begin(scim, 8) == 0


def test_no_more_is_kept_than_it_must(scim, people, other, monkeypatch):
    monkeypatch.setattr(places, "_MOST_PLACES", 2)
    monkeypatch.setattr(places, "_MOST_LISTS", 1)
    for start in (5, 6, 7):
        page(scim, start)
    assert begin(scim, 5) == 5 and begin(scim, 4) == 0
    places_of(USERS, other.connection.pk)
    assert begin(scim, 8) == 0


def test_users_of_others_change_nothing(scim, other, people):
    theirs = [other.user(f"user{number}") for number in range(5)]
    assert page(scim, 7) == people[6:8] and page(other, 4) == theirs[3:]
    other.delete(f"/Users/{theirs[0]}")
    assert begin(scim, 8) == 6 and begin(other, 4) == 0
    assert page(scim, 8) == people[7:] and page(other, 4) == theirs[4:]


def test_pages_are_what_counting_finds_whatever_happens_between(scim, people):
    chance, number = random.Random(7), 0  # noqa: S311 -- no secret
    for _ in range(60):
        there = ids(scim)
        match chance.randrange(4):
            case 0 if len(there) > 4:
                scim.delete(f"/Users/{chance.choice(there)}")
            case 1:
                number += 1
                scim.user(f"more{number}")
            case _:
                start, count = chance.randrange(1, 14), chance.randrange(1, 5)
                assert page(scim, start, count) == there[start - 1 : start - 1 + count]
