"""Everybody gets from every URL what the table in workspace/README.md says."""

from uuid import UUID, uuid4

import pytest

from tests.matrix import world
from tests.matrix.measure import rows, told, written
from tests.matrix.routes import routes

pytestmark = pytest.mark.django_db
AGAIN = "Read what has changed. If it is meant, run: python -m tests.matrix"
# In parts, so that several processes share the work.
PARTS = 4


@pytest.fixture
def places():
    """Two workspaces, and the ids of their things."""
    return [world.make(slug) for slug in ("acme", "globex")]


def test_the_table_has_every_route_and_no_other():
    assert [*written()] == list(dict.fromkeys(route.row for route in routes())), AGAIN


@pytest.mark.parametrize("part", range(PARTS))
def test_everybody_gets_what_the_table_says(places, part):
    (acme, things), (globex, _) = places
    found = rows(sorted(routes(), key=lambda route: route.row)[part::PARTS], things, world.browsers(acme, globex))
    told = written()
    for path, row in found.items():
        for who, answers in row.items():
            # A part may have only some of the routes of a row.
            assert set(answers.split(", ")) <= set(told[path][who].split(", ")), f"{who} at {path}. {AGAIN}"


def test_in_a_workspace_strangers_find_nothing():
    """Whoever is not signed in is asked to sign in, and others get 404, whether the page exists or not."""
    for path, row in written().items():
        if path.startswith("/workspaces/"):
            assert set(row["anonymous"].split(" · ")) <= {"sign in", "–"}, path
            assert set(row["outsider"].split(" · ")) <= {"404", "–"}, path


def test_nobody_may_do_more_than_an_owner():
    for path, row in written().items():
        for who in ("viewer", "admin"):
            assert "open" not in row[who] or "open" in row["owner"], path


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_things_of_another_workspace_are_as_absent_as_unknown_ones_at_every_address(places, method):
    (acme, things), (globex, foreign) = places
    opened = world.browsers(acme, globex)["owner"]
    for route in filter(lambda route: route.is_console, routes()):
        for name in route.objects:
            key = f"{route.name}.{name}" if f"{route.name}.{name}" in things else name
            if isinstance(things[key], UUID):
                theirs, none = (route.address(things | {key: pk}) for pk in (foreign[key], uuid4()))
                assert told(opened(), method, theirs) == told(opened(), method, none), theirs
