"""What a page shows of a change: links by id, never by a name that something else may have too."""

import pytest

from tests.workspace.builders import OKTA, OKTA_ACTOR
from workspace.action_names import Action
from workspace.actions.end_users import deactivate_end_user
from workspace.actions.members import change_members
from workspace.console.presenters import present
from workspace.events import Actor, Kind, Sentence, record
from workspace.models import ChangeEvent

pytestmark = pytest.mark.django_db


def shown(event, environment):
    (row,) = present([event], environment)
    return str(row.sentence)


def test_what_has_the_name_of_something_else_links_what_is_meant(acme):
    namesake = Actor(Kind.CONNECTION, "1", acme.support.name)
    change_members(group=acme.support, add=[acme.bo.pk], by=namesake)
    sentence = shown(ChangeEvent.objects.first(), acme.dev)
    assert sentence == f'Support added Bo Lund to the group <a href="{acme.url}groups/{acme.support.pk}/">Support</a>.'


def test_names_are_text_and_never_markup_or_placeholders(acme):
    acme.ada.full_name = "<b>{by}</b> {0}"
    acme.ada.save()
    deactivate_end_user(end_user=acme.ada, by=OKTA_ACTOR)
    sentence = shown(ChangeEvent.objects.first(), acme.dev)
    name = "&lt;b&gt;{by}&lt;/b&gt; {0} &lt;ada@acme.example&gt;"
    assert sentence == f'Okta Dev deactivated <a href="{acme.url}end-users/{acme.ada.pk}/">{name}</a>.'


def test_what_is_gone_or_of_another_workspace_is_no_link(acme, globex):
    for person in (acme.bo, globex.ada):
        record(
            by=OKTA_ACTOR,
            action=Action.END_USER_LINKED,
            subject=person,
            environment=acme.dev,
            sentence=Sentence("{by} linked {person}.", by=OKTA_ACTOR, person=person),
        )
    acme.bo.delete()
    for row in present(ChangeEvent.objects.all()[:2], acme.dev):
        assert "<a" not in row.sentence


def test_a_page_about_a_person_does_not_link_to_itself(acme):
    deactivate_end_user(end_user=acme.ada, by=OKTA_ACTOR)
    (row,) = present(ChangeEvent.objects.all()[:1], acme.dev, but=acme.ada.pk)
    assert "<a" not in row.sentence


def test_the_queries_do_not_grow_with_the_changes(acme, django_assert_num_queries):
    for person in (acme.ada, acme.bo):
        for _ in range(3):
            change_members(group=acme.engineering, add=[person.pk], source=OKTA, by=OKTA_ACTOR)
            change_members(group=acme.engineering, remove=[person.pk], source=OKTA, by=OKTA_ACTOR)
            deactivate_end_user(end_user=person, by=OKTA_ACTOR)
    with django_assert_num_queries(3):  # events, people, groups
        present(ChangeEvent.objects.all(), acme.dev)
