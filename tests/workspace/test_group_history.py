"""The tab History of a group."""

import pytest

from tests.workspace.builders import OKTA, OKTA_ACTOR
from tests.workspace.pages import text
from workspace.actions.end_users import create_end_user
from workspace.actions.groups import rename_group
from workspace.actions.members import change_members
from workspace.events import SYSTEM
from workspace.models import ChangeEvent
from workspace.profile import Profile

pytestmark = pytest.mark.django_db


def url(acme, group) -> str:
    return f"{acme.url}groups/{group.pk}/history/"


def sentences(page) -> list[str]:
    return [each.row.event.sentence for each in page.context["rows"]]


def test_it_tells_what_happened_to_the_group_newest_first(acme, owner):
    rename_group(group=acme.support, name="Helpers", by=acme.actor)
    change_members(group=acme.support, add=[acme.bo.pk], by=acme.actor)
    change_members(group=acme.engineering, add=[acme.ada.pk], source=OKTA, by=OKTA_ACTOR)
    page = owner.get(url(acme, acme.support))
    assert sentences(page) == [
        "owner@acme.example added Bo Lund to the group Helpers.",
        "owner@acme.example renamed the group Support to Helpers.",
        "System created the group Support in DEV with Ada Winter.",
    ]
    words = text(page)
    assert "Administrator" in words and "System" in words
    newest = page.context["rows"][0].row.event
    assert f'href="/workspaces/acme/dev/audit-log/{newest.pk}/"' in page.content.decode()


def test_the_tabs_are_members_and_history_with_a_url_each(acme, owner):
    for path, current in (("", "Members"), ("history/", "History")):
        tabs = owner.get(f"{acme.url}groups/{acme.support.pk}/{path}").context["tabs"]
        assert [tab["label"] for tab in tabs] == ["Members", "History"]
        assert [tab["label"] for tab in tabs if tab["current"]] == [current]


def test_a_change_of_a_person_that_concerns_the_group_is_in_it(acme, owner):
    create_end_user(
        workspace=acme.workspace,
        profile=Profile("Cy Ito", "cy@acme.example", SYSTEM.source),
        environments=[acme.dev],
        groups=[acme.support],
        by=SYSTEM,
    )
    assert "Cy Ito" in sentences(owner.get(url(acme, acme.support)))[0]


def test_it_goes_on_to_older_changes(acme, owner):
    for number in range(60):
        rename_group(group=acme.support, name=f"Support {number}", by=SYSTEM)
    page = owner.get(url(acme, acme.support))
    assert len(sentences(page)) == 50
    older = owner.get(url(acme, acme.support), {"before": page.context["older"]})
    assert len(sentences(older)) == 11 and older.context["older"] == ""
    assert not set(sentences(page)) & set(sentences(older))
    assert "No older changes" in text(owner.get(url(acme, acme.support), {"before": ChangeEvent.objects.last().pk}))
    assert len(sentences(owner.get(url(acme, acme.support), {"before": "nonsense"}))) == 50


def test_everyone_has_an_empty_history_that_says_so(acme, owner):
    assert "No changes yet" in text(owner.get(url(acme, acme.everyone)))


def test_its_queries_do_not_grow(acme, owner, query_count):
    few = query_count(owner, url(acme, acme.support))
    for number in range(30):
        rename_group(group=acme.support, name=f"Support {number}", by=acme.actor)
    assert query_count(owner, url(acme, acme.support)) == few
