"""What was recorded before a migration says afterwards whom it concerns and who vouches for an address."""

from importlib import import_module

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from workspace.models import MANUAL, ChangeEvent, ChangeSubject, EndUser

pytestmark = pytest.mark.django_db

filling = import_module("workspace.migrations.0003_fill_subjects_and_sources")


@pytest.fixture
def fill():
    """Run the migration over the rows there are."""
    target = [("workspace", "0003_fill_subjects_and_sources")]
    apps = MigrationExecutor(connection).loader.project_state(target).apps

    def run():
        ChangeSubject.objects.all().delete()
        EndUser.objects.update(email_source=MANUAL, name_source=MANUAL)
        filling.fill_subjects(apps, None)
        filling.fill_sources(apps, None)

    return run


def event(acme, action, subject, sentence="", actor=("connection", "7", "Okta Dev"), **states):
    kind, actor_id, name = actor
    return ChangeEvent.objects.create(
        workspace_id=acme.workspace.pk,
        actor_kind=kind,
        actor_id=actor_id,
        actor_name=name,
        action=action,
        subject_kind=subject._meta.model_name,
        subject_id=str(subject.pk),
        subject_name=str(subject),
        sentence=sentence,
        request_id="r-1",
        **states,
    )


def pair(person):
    return [str(person.pk), person.full_name]


def test_everybody_of_a_bulk_change_gets_it_into_the_history(acme, fill):
    left = event(acme, "provisioning.method_chosen", acme.workspace, before={"deactivated": [pair(acme.ada)]})
    moved = event(acme, "group.members_changed", acme.support, after={"added": [pair(acme.ada), pair(acme.bo)]})
    released = event(acme, "provisioning.method_chosen", acme.dev, before={"groups": [[str(acme.support.pk), "x"]]})
    fill()
    assert {left, moved} <= set(ChangeEvent.objects.about(acme.ada.pk))
    assert moved in ChangeEvent.objects.about(acme.bo.pk)
    assert {moved, released} <= set(ChangeEvent.objects.about(acme.support.pk))


def test_a_sentence_links_its_subject_where_the_name_stands_once(acme, fill):
    once = event(acme, "group.renamed", acme.support, f"Okta renamed the group Old to {acme.support}.")
    twice = event(acme, "group.renamed", acme.support, f"{acme.support} renamed the group {acme.support}.")
    fill()
    once.refresh_from_db()
    twice.refresh_from_db()
    assert once.links == [[30, 37, "endusergroup", str(acme.support.pk)]]
    assert once.sentence[30:37] == "Support" and twice.links == []


def test_who_changed_an_address_last_vouches_for_it(acme, fill):
    event(acme, "end_user.updated", acme.ada, after={"email": "a@x.example"})
    event(acme, "end_user.updated", acme.bo, after={"email": "b@x.example", "name": "Bo"})
    event(acme, "end_user.updated", acme.bo, actor=("administrator", "1", "olivia@x.example"), after={"email": "b@y"})
    fill()
    acme.ada.refresh_from_db()
    acme.bo.refresh_from_db()
    assert acme.ada.email_source.listed() == ["scim", "7", "Okta Dev"]
    assert acme.bo.email_source.listed() == ["manual", "1", "olivia@x.example"]
    assert acme.bo.name_source.listed() == ["scim", "7", "Okta Dev"]


def test_an_administrators_choice_of_attributes_leaves_the_idp_vouching(acme, fill):
    owner = ("administrator", "1", "olivia@x.example")
    chosen = event(acme, "provisioning.attributes_chosen", acme.support, actor=owner)
    person = [str(acme.ada.pk), "Ada Winter"]
    before, after = [[*person, "a@x.example"]], [[*person, "home@x.example"]]
    states = {"before": {"profiles": before}, "after": {"profiles": after}}
    event(acme, "environment.profiles_updated", acme.dev, actor=owner, **states)
    fill()
    acme.ada.refresh_from_db()
    assert acme.ada.email_source.listed() == ["scim", chosen.subject_id, chosen.subject_name]
    assert acme.ada.name_source.is_manual


@pytest.mark.parametrize(("password", "kind"), [("argon2…", "manual"), ("", "scim")])
def test_an_account_that_scim_made_is_the_persons_once_a_password_was_chosen(acme, fill, password, kind):
    EndUser.objects.filter(pk=acme.ada.pk).update(password=password)
    event(acme, "end_user.created", acme.ada, after={"email": acme.ada.email, "name": "Ada Winter"})
    fill()
    acme.ada.refresh_from_db()
    assert acme.ada.email_source.kind == kind
