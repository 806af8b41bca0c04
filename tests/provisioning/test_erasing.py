"""Delete personal data: no table names the person any more, others keep what they have, and the chain still proves."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.management import call_command
from django.utils import timezone

from authentication.actions.attempts import record_attempt
from authentication.actions.bypasses import add_bypass
from authentication.models import EndUserSession, SamlIdentity, SignInAttempt
from provisioning.models import ProvisionedGroup, ProvisionedUser, ScimRequest
from tests.provisioning.races import side_by_side
from tests.provisioning.users import person
from tests.scim import okta_user
from tests.workspace.builders import uploaded
from workspace.actions.end_users import create_end_user, deactivate_end_user, update_profile
from workspace.actions.erasing import delete_personal_data
from workspace.actions.groups import create_group
from workspace.actions.imports import advance, choose_columns, start_import
from workspace.actions.members import change_members
from workspace.actions.merging import merge_end_users
from workspace.actions.profiles import update_profiles
from workspace.actions.sealing import seal_all
from workspace.actions.verifying import verify_chain
from workspace.db.sets import update_each
from workspace.erasing import ERASES, NOBODY
from workspace.events import SYSTEM, Actor
from workspace.models import ChangeEvent, EndUser, ImportedLine, PeopleImport, User
from workspace.profile import Profile
from workspace.refusals import ActionError
from workspace.visits import Visit

pytestmark = pytest.mark.django_db
TRACES = ("zenobia", "quillfeather", "zebra", "555-0199", "00uzen", "203.0.113.77")
AGENT = "Mozilla/5.0 (Zebra)"


def traces() -> list[str]:
    """Where a table still tells something of Zenobia."""
    found = []
    for model in apps.get_models():
        for row in model._default_manager.values():
            said = str(row).lower()
            found += [f"{model._meta.label}: {trace} in {said}" for trace in TRACES if trace in said]
    return found


def address(word: str) -> str:
    return f"{word}@quillfeather.example"


@pytest.fixture
def zenobia(scim):
    """Somebody of whom every table tells something."""
    connection = scim.connection
    environment, workspace = connection.environment, connection.environment.workspace
    fields = {
        "name": {"formatted": "Zenobia Quillfeather"},
        "displayName": "Zenobia Quillfeather",
        "emails": [{"value": address("zenobia"), "primary": True}, {"value": address("home"), "type": "home"}],
        "phoneNumbers": [{"value": "555-0199"}],
        "externalId": "00uzen",
    }
    scim.get('/Users?filter=userName+eq+"zenobia%40example.com"')
    pk = scim.post("/Users", okta_user("zenobia") | fields).body["id"]
    scim.user("other")
    scim.get("/Users")
    scim.patch(f"/Users/{pk}", {"op": "replace", "path": "title", "value": "Chief Zebra"})
    group = scim.group("Team", [pk])
    scim.patch(f"/Groups/{group}", {"op": "add", "path": "members", "value": [{"value": pk, "display": "Zenobia"}]})
    assert scim.post("/Users", okta_user("zenobia") | fields).status == 409
    scim.get("/Users/zenobia%40example.com")
    zenobia = person(scim, pk)
    zenobia.workspace = workspace

    def profile(name, email):
        return Profile(name, email, SYSTEM.source)

    twin = create_end_user(
        workspace=workspace, profile=profile("Zen Quillfeather", address("twin")), environments=[environment], by=SYSTEM
    )
    SamlIdentity.objects.create(
        identity_provider=connection.environment_provider.identity_provider,
        namespace="n", name_id_digest="d", name_id="zebra-name-id", end_user=twin,
    )  # fmt: skip
    merge_end_users(stays=zenobia, goes=twin, by=SYSTEM, now=timezone.now())
    zenobia.refresh_from_db()
    update_profile(end_user=zenobia, profile=profile("Zenobia Q. Quillfeather", address("new")), by=SYSTEM)
    other = EndUser.objects.get(email="other@example.com")
    wanted = {zenobia.pk: profile("Zenobia", address("newer")), other.pk: profile("Otto", "otto@example.com")}
    update_profiles(wanted=wanted, environment=environment, by=SYSTEM)
    create_group(environment=environment, name="By hand", members=[zenobia.pk, other.pk], by=SYSTEM)
    by_hand = environment.groups.get(name="By hand")
    change_members(group=by_hand, remove=[zenobia.pk], by=SYSTEM)
    zenobia.refresh_from_db()
    _signed_in(zenobia, environment)
    _imported(environment)
    _changed_by_operator(zenobia)
    zenobia.refresh_from_db()
    return zenobia


def _signed_in(zenobia, environment):
    visit = Visit("203.0.113.77", AGENT)
    for email, end_user in ((address("newer"), None), ("", zenobia)):
        record_attempt(
            environment=environment, visit=visit, now=timezone.now(), email=email, end_user=end_user,
            reason="no_access", notes=["Zenobia was refused"],
        )  # fmt: skip
    EndUserSession.objects.create(
        end_user=zenobia, environment=environment, digest="x", address="203.0.113.77", user_agent=AGENT,
        last_seen_at=timezone.now(), expires_at=timezone.now() + timedelta(hours=1),
    )  # fmt: skip
    add_bypass(
        environment=environment, end_user=zenobia, reason="Zebra bites", until=timezone.now().date(), by=SYSTEM,
        now=timezone.now(),
    )  # fmt: skip
    by = Actor("end_user", str(zenobia.pk), zenobia.email, "", "203.0.113.77", "s")
    update_profile(end_user=zenobia, profile=Profile("Zenobia again", zenobia.email, SYSTEM.source), by=by)


def _changed_by_operator(zenobia):
    operator = User.objects.create_superuser("operator@example.com", "a long enough passphrase")
    LogEntry.objects.log_actions(operator.pk, [zenobia], CHANGE, "Changed Zenobia", single_object=True)


def _imported(environment):
    text = f"Name,Email\nZenobia,{address('newer')}\nOtto,otto@example.com\nNew,new@example.com\n"
    done, open_one = uploaded(environment, text), uploaded(environment, text)
    for job in (done, open_one):
        choose_columns(job=job, columns={"full_name": 0, "email": 1}, default_access=[], creates_groups=False)
        advance(job=job, now=timezone.now())
    start_import(job=done, by=SYSTEM)
    advance(job=done, now=timezone.now())


def erase(end_user):
    deactivate_end_user(end_user=end_user, by=SYSTEM)
    facts = delete_personal_data(end_user=end_user, by=SYSTEM, now=timezone.now())
    return {fact.label: f"{fact.value} {fact.hint}".strip() for fact in facts}


def test_no_table_tells_anything_of_the_person(zenobia):
    assert len(traces()) > 20
    erase(zenobia)
    assert traces() == []


def test_the_numbers_say_what_goes(zenobia):
    facts = erase(zenobia)
    assert facts["Email address"] == address("newer")
    assert facts["SCIM users"] == "1 will be deleted If Okta Dev sends the person again, that makes a new end user."
    assert facts["Sign-in attempts"] == "2 attempts will name nobody"
    assert facts["Sessions"] == "1 session will be forgotten"
    assert facts["Imports"] == "1 import will be stopped"
    assert int(facts["Audit log"].split()[0]) >= 10 and int(facts["SCIM requests"].split()[0]) >= 6


def test_the_history_keeps_ids_and_what_was_done(zenobia):
    before = ChangeEvent.objects.about(zenobia.pk).values_list("pk", "action", "at", "actor_id", "request_id")
    told = list(before)
    erase(zenobia)
    assert list(before.all())[-len(told) :] == told
    about = ChangeEvent.objects.about(zenobia.pk)
    newest = about.first()
    assert newest.action == "end_user.personal_data_deleted"
    assert newest.sentence == "System deleted the personal data of a deactivated person."
    assert (newest.subject_id, newest.subject_name) == (str(zenobia.pk), NOBODY)
    bulk = about.get(action="environment.profiles_updated")
    rows = {row[0]: row[1] for row in bulk.after["profiles"]}
    assert rows.pop(str(zenobia.pk)) == NOBODY
    assert list(rows.values()) == ["Otto"]


def test_links_of_sentences_move_with_the_names(zenobia):
    erase(zenobia)
    for event in ChangeEvent.objects.about(zenobia.pk):
        for start, end, _, pk in event.links:
            if pk == str(zenobia.pk):
                assert event.sentence[start:end] in (NOBODY, "a deactivated person")
            else:
                assert event.sentence[start:end].strip() and event.sentence[end : end + 1] in " .,:\u2069"


def test_what_is_told_of_others_stays(scim, zenobia):
    other = EndUser.objects.get(full_name="Otto")
    group = ProvisionedGroup.objects.get()
    alone = [event.pk for event in ChangeEvent.objects.about(other.pk).exclude(subjects__subject_id=zenobia.pk)]
    states = list(ChangeEvent.objects.filter(pk__in=alone).values())
    erase(zenobia)
    assert list(ChangeEvent.objects.filter(pk__in=alone).values()) == states
    assert scim.get("/Users?filter=userName+eq+%22other@example.com%22").body["totalResults"] == 1
    assert ProvisionedGroup.objects.get().version == group.version + 1
    assert ImportedLine.objects.filter(email="otto@example.com").count() == 1
    assert ScimRequest.objects.filter(request_body__contains="other@example.com").exists()


def test_an_idp_that_sends_the_person_again_makes_a_new_one(scim, zenobia):
    pk = str(ProvisionedUser.objects.get(end_user=zenobia).pk)
    erase(zenobia)
    assert scim.patch(f"/Users/{pk}", {"op": "replace", "path": "active", "value": True}).status == 404
    new = scim.user("zenobia")
    assert new != pk and person(scim, new).pk != zenobia.pk


def test_open_imports_that_name_the_person_are_stopped(zenobia):
    erase(zenobia)
    stopped = PeopleImport.objects.get(state="stopped")
    assert stopped.text == "" and "Upload the file again" in stopped.note and not stopped.lines.exists()


def test_an_active_person_is_left_alone(zenobia):
    before = ChangeEvent.objects.count()
    with pytest.raises(ActionError, match="Deactivate the person first"):
        delete_personal_data(end_user=zenobia, by=SYSTEM, now=timezone.now())
    assert EndUser.objects.filter(pk=zenobia.pk).exists() and ChangeEvent.objects.count() == before
    assert SignInAttempt.objects.filter(email=address("newer")).exists()


def test_a_second_deletion_finds_nobody(zenobia):
    erase(zenobia)
    with pytest.raises(ActionError, match="gone already"):
        delete_personal_data(end_user=zenobia, by=SYSTEM, now=timezone.now())


# The chain of the audit log. ------------------------------------------------------------------------------------------


def sealed(workspace):
    seal_all(timezone.now() + timedelta(minutes=6))
    return verify_chain(workspace.pk)


def test_the_chain_proves_before_and_after(zenobia, capsys):
    workspace = zenobia.workspace
    before = sealed(workspace)
    assert (before.problem, before.redacted) == ("", 0)
    erase(zenobia)
    after = verify_chain(workspace.pk)
    assert after.problem == "" and after.redacted >= 10
    assert after.head.digest == before.head.digest
    assert sealed(workspace).problem == ""
    call_command("verify_audit", "--holds", before.head.digest)
    assert "changed by deletions of personal data" in capsys.readouterr().out


def test_two_deletions_that_alter_the_same_change_prove_too(zenobia):
    workspace, other = zenobia.workspace, EndUser.objects.get(full_name="Otto")
    sealed(workspace)
    erase(zenobia)
    other.workspace = workspace
    erase(other)
    assert verify_chain(workspace.pk).problem == ""
    assert "otto" not in str(list(ChangeEvent.objects.values())).lower()


def test_a_change_that_somebody_alters_afterwards_is_found(zenobia):
    workspace = zenobia.workspace
    sealed(workspace)
    erase(zenobia)
    event = ChangeEvent.objects.about(zenobia.pk).get(action="environment.profiles_updated")
    event.sentence = "Nothing happened."
    update_each([event], "sentence")
    assert verify_chain(workspace.pk).problem.endswith("was altered.")


def test_without_the_entry_of_the_deletion_the_alteration_shows(zenobia):
    workspace = zenobia.workspace
    sealed(workspace)
    erase(zenobia)
    ChangeEvent.objects.filter(action="end_user.personal_data_deleted").forget()
    assert verify_chain(workspace.pk).problem.endswith("was altered.")


# What else may come. --------------------------------------------------------------------------------------------------


def test_every_relation_to_a_person_is_erased():
    """A new one is registered with `erases` in its app. What cascades goes with the row, but is counted on the page."""
    relations = {relation.get_accessor_name() for relation in EndUser._meta.related_objects}
    assert {name for names in ERASES.values() for name in names} == relations


@pytest.mark.django_db(transaction=True)
def test_of_two_deletions_at_once_one_is_told_that_the_person_is_gone(zenobia):
    deactivate_end_user(end_user=zenobia, by=SYSTEM)

    def run():
        delete_personal_data(end_user=zenobia, by=SYSTEM, now=timezone.now())

    ends = side_by_side([run, run])
    assert sorted(getattr(end, "code", "done") for end in ends) == ["done", "gone"]
