"""Choosing people in a list that is searched and paged: what was chosen and typed stays."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import factories
from tests.workspace.pages import text
from workspace.models import ChangeEvent, EndUserGroup

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(acme):
    return [factories.end_user(acme.dev, name=f"Person {number:02}") for number in range(45)]


@pytest.fixture(params=["groups/new/", "groups/{support}/members/add/"])
def where(request, acme) -> str:
    return acme.url + request.param.format(support=acme.support.pk)


def form(page) -> dict[str, list[str]]:
    """What a browser would send of the page's form, without its buttons."""
    html = page.content.decode().partition('class="stack bulk"')[2].partition("</form>")[0]
    sent: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", html):
        values = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if values.get("type") != "checkbox" or tag.rstrip(">").endswith("checked"):
            sent.setdefault(values["name"], []).append(values.get("value", ""))
    addresses = re.search(r"<textarea[^>]*>\s*([^<]*)</textarea>", html)
    return sent | {"addresses": [addresses[1] if addresses else ""]}


def offered(page) -> list[str]:
    return re.findall(r'<th scope="row">([^<]+)</th>', page.content.decode())


def test_search_and_pages_keep_everything_and_change_nothing(acme, owner, people, where):
    before = ChangeEvent.objects.count()
    page = owner.get(where)
    first = form(page) | {"name": ["Builders"], "addresses": ["bo@acme.example"]}
    page = owner.post(where, first | {"members": [str(people[0].pk)], "look": "2"})
    assert offered(page)[0] == "Person 18" if "new" in where else "Person 19"
    second = form(page)
    assert second["members"] == [str(people[0].pk)] and "Also chosen" in text(page)
    page = owner.post(where, second | {"members": [*second["members"], str(people[30].pk)], "q": "42", "look": "1"})
    assert offered(page) == ["Person 42"]
    third = form(page)
    assert set(third["members"]) == {str(people[0].pk), str(people[30].pk)}
    assert third["addresses"] == ["bo@acme.example"]
    assert ChangeEvent.objects.count() == before
    owner.post(where, third | {"members": [*third["members"], str(people[42].pk)]})
    group = EndUserGroup.objects.get(name="Builders") if "new" in where else acme.support
    assert set(group.end_users) - {acme.ada} == {people[0], people[30], people[42], acme.bo}
    assert ChangeEvent.objects.count() == before + 1


def test_who_is_unticked_on_another_page_is_left_out(acme, owner, people, where):
    page = owner.post(where, form(owner.get(where)) | {"members": [str(people[0].pk), str(people[1].pk)], "look": "2"})
    sent = form(page) | {"name": ["Builders"], "members": [str(people[1].pk)]}
    owner.post(where, sent)
    group = EndUserGroup.objects.get(name="Builders") if "new" in where else acme.support
    assert set(group.end_users) - {acme.ada} == {people[1]}


def test_more_people_than_are_listed_are_carried_along(acme, owner, people, where):
    ids = [str(person.pk) for person in people]
    page = owner.post(where, form(owner.get(where)) | {"members": ids[:40], "q": "44", "look": "1"})
    assert "And 20 more." in text(page) and "chosen, and 20 more" in text(page)
    owner.post(where, form(page) | {"name": ["Builders"]})
    group = EndUserGroup.objects.get(name="Builders") if "new" in where else acme.support
    assert set(group.end_users) - {acme.ada} == set(people[:40])


def test_enter_in_the_search_field_searches_and_elsewhere_sends(acme, owner, people):
    where = f"{acme.url}groups/new/"
    page = owner.post(where, form(owner.get(where)) | {"name": ["Builders"], "q": ["07"], "enter": "1"})
    assert offered(page) == ["Person 07"] and not EndUserGroup.objects.filter(name="Builders").exists()
    assert owner.post(where, form(page) | {"enter": "1"}).status_code == 302
    assert EndUserGroup.objects.filter(name="Builders").exists()


def test_another_search_begins_at_its_first_page(acme, owner, people, where):
    page = owner.post(where, form(owner.get(where)) | {"look": "2"})
    page = owner.post(where, form(page) | {"q": ["person"], "look": "3"})
    assert offered(page)[0] == "Person 00"
    everybody = owner.post(where, form(page) | {"look": "all"})
    assert 'name="q" id="id_q" value=""' in everybody.content.decode()


def test_a_mistake_keeps_page_search_and_choice(acme, owner, people):
    where = f"{acme.url}groups/new/"
    page = owner.post(where, form(owner.get(where)) | {"members": [str(people[0].pk)], "q": "person", "look": "1"})
    page = owner.post(where, form(page) | {"look": "2"})
    wrong = owner.post(where, form(page))
    assert "Enter a group name." in text(wrong)
    assert offered(wrong) == offered(page) and form(wrong)["members"] == [str(people[0].pk)]


@pytest.mark.parametrize("wrong", ["1 OR 1=1", "\0", "x" * 5000, "00000000-0000-7000-8000-000000000000"])
def test_what_is_no_id_is_no_error_500(acme, owner, where, wrong):
    for look in ({"look": "1"}, {"look": "²"}, {"look": "9" * 40}, {}):
        for field in ("members", "more_members"):
            page = owner.post(where, {"name": "Builders", field: wrong, **look})
            assert page.status_code == 200
    assert not EndUserGroup.objects.filter(name="Builders").exists()


def test_people_of_another_workspace_are_not_even_named(acme, globex, owner, where):
    page = owner.post(where, {"members": [globex.ada.pk], "look": "1"})
    assert str(globex.ada.pk) not in page.content.decode()
    assert list(owner.post(where, {"name": "Builders", "more_members": globex.ada.pk}).context["form"].errors) == [
        "members"
    ]


def test_too_many_are_refused_with_the_number(acme, owner, people, where, monkeypatch):
    monkeypatch.setattr("workspace.forms.groups.MOST_ADDRESSES", 10)
    page = owner.post(where, {"name": "Builders", "members": [person.pk for person in people[:11]]})
    assert "Choose at most 10 people at once; these are 11." in text(page)


def test_choosing_takes_the_same_queries_however_many_there_are(acme, owner, people, where):
    def queries(number: int) -> int:
        sent = {"members": [str(person.pk) for person in people[:number]], "q": "zz", "searched": "", "look": "1"}
        with CaptureQueriesContext(connection) as found:
            assert owner.post(where, sent).status_code == 200
        return len(found)

    assert queries(2) == queries(45)
