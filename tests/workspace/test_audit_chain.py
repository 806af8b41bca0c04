"""The chain of seals over the audit log: what it finds, and what it costs a change."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from threading import Barrier

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import factories
from workspace.actions import sealing
from workspace.actions.sealing import forget_changes, seal_all, seal_chain
from workspace.actions.verifying import verify_chain
from workspace.db.keys import first_id_at, new_id
from workspace.models import AuditSeal, ChangeEvent, ChangeSubject

LATER = timedelta(minutes=10)
# A value that no event of the tests has, by column.
OTHERS = {
    "at": "2001-01-01 00:00:00", "workspace_id": new_id(), "environment_id": new_id(), "links": "[1]",
    "before": '{"x": 1}', "after": '{"x": 1}',
}  # fmt: skip
COLUMNS = [field.column for field in ChangeEvent._meta.concrete_fields if field.column != "id"]


@pytest.fixture
def sealed(acme, monkeypatch):
    """Acme with a chain of several seals."""
    monkeypatch.setattr(sealing, "BATCH", 3)
    seal_all(timezone.now() + LATER)
    assert AuditSeal.objects.of(acme.workspace.pk).count() > 2
    return acme


def run(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, [value.hex if hasattr(value, "hex") else value for value in values])
        assert cursor.rowcount > 0


def problem(acme):
    return verify_chain(acme.workspace.pk).problem


def middle(acme):
    return ChangeEvent.objects.of(acme.workspace)[4]


def late(acme, ago):
    """A change that is committed now with an id of earlier."""
    return ChangeEvent.objects.create(
        id=first_id_at(timezone.now() - ago), workspace_id=acme.workspace.pk, actor_kind="system", sentence="Late."
    )


def test_an_honest_chain_verifies_and_holds_every_change_once(sealed):
    verdict = verify_chain(sealed.workspace.pk)
    assert not verdict.problem and verdict.events == ChangeEvent.objects.of(sealed.workspace).count()
    assert seal_all(timezone.now() + LATER) == 0


def test_a_version_of_seals_covers_every_column():
    assert set(sealing._COLUMNS) == {field.name for field in ChangeEvent._meta.concrete_fields}


@pytest.mark.parametrize("column", COLUMNS)
def test_a_change_of_any_column_is_found_and_named(sealed, column):
    event = middle(sealed)
    sql = f"UPDATE workspace_changeevent SET {column} = %s WHERE id = %s"  # noqa: S608 -- our own names
    run(sql, OTHERS.get(column, "forged"), event.pk)
    assert f"Change {event.pk} of seal" in problem(sealed) and "was altered." in problem(sealed)


@pytest.mark.parametrize("change", [{"kind": "forged"}, {"subject_id": new_id()}], ids=["kind", "subject_id"])
def test_a_change_of_a_subject_is_found(sealed, change):
    ChangeSubject.objects.filter(pk=middle(sealed).subjects.first().pk).update(**change)
    assert problem(sealed).endswith("was altered.")


def test_a_lost_or_added_subject_is_found(sealed):
    event = middle(sealed)
    ChangeSubject.objects.create(event=event, kind="enduser", subject_id=new_id())
    assert problem(sealed).endswith("was altered.")
    ChangeSubject.objects.filter(event=event).delete()
    assert problem(sealed).endswith("was altered.")


def test_a_removed_change_is_found(sealed):
    event = middle(sealed)
    ChangeEvent.objects.filter(pk=event.pk).forget()
    assert problem(sealed).startswith(f"Change {event.pk} of seal") and problem(sealed).endswith("is missing.")


def test_two_changes_in_each_others_place_are_found(sealed):
    one, two = ChangeEvent.objects.of(sealed.workspace)[3:5]
    for values in ((two.sentence, one.pk), (one.sentence, two.pk)):
        run("UPDATE workspace_changeevent SET sentence = %s WHERE id = %s", *values)
    assert problem(sealed).endswith("was altered.")


def test_an_inserted_change_is_found(sealed):
    event = late(sealed, timedelta(days=3))
    seal_all(timezone.now() + LATER)
    assert problem(sealed) == f"Change {event.pk} was inserted after its time was sealed."


@pytest.mark.parametrize("number", [1, 2])
def test_a_removed_seal_is_found(sealed, number):
    AuditSeal.objects.of(sealed.workspace.pk).filter(number=number).delete()
    assert problem(sealed) == f"Seal {number} is missing."


@pytest.mark.parametrize(
    "change",
    [{"sealed_at": timezone.now()}, {"up_to": new_id()}, {"members": b"x" * 48}, {"event_count": 9}, {"digest": "0"}],
    ids=lambda change: next(iter(change)),
)
def test_an_altered_seal_is_found(sealed, change):
    AuditSeal.objects.of(sealed.workspace.pk).filter(number=2).update(**change)
    assert problem(sealed) == "Seal 2 was altered."


def test_a_seal_that_was_made_anew_does_not_fit_the_next_one(sealed):
    event = ChangeEvent.objects.of(sealed.workspace).last()
    run("UPDATE workspace_changeevent SET sentence = 'forged' WHERE id = %s", event.pk)
    seal = AuditSeal.objects.of(sealed.workspace.pk)[0]
    seal.members = sealing.packed(sorted(sealing.event_digests(seal.digests()).items()))
    seal.digest = seal.computed_digest()
    seal.save()
    assert problem(sealed) == "Seal 2 does not follow the one before."


def test_what_hides_changes_as_forgotten_is_found(sealed):
    AuditSeal.objects.of(sealed.workspace.pk).filter(number=2).update(forgotten_at=timezone.now())
    assert problem(sealed) == "Seal 2 is marked as forgotten, but the one before is not."


def test_the_removal_of_the_newest_seals_is_found_by_a_digest_that_is_kept_elsewhere(sealed):
    head = AuditSeal.objects.of(sealed.workspace.pk).last()
    call_command("verify_audit", holds=[head.digest], stdout=StringIO())
    head.delete()
    with pytest.raises(CommandError, match=f"No seal has the digest {head.digest}"):
        call_command("verify_audit", holds=[head.digest], stdout=StringIO())


def test_the_command_names_workspace_and_place_and_goes_on_with_the_others(sealed, globex):
    seal_all(timezone.now() + LATER)
    run("UPDATE workspace_changeevent SET sentence = 'forged' WHERE id = %s", middle(sealed).pk)
    out = StringIO()
    with pytest.raises(CommandError, match=f"^acme: Change {middle(sealed).pk} of seal [0-9]+ was altered.$"):
        call_command("verify_audit", stdout=out)
    head = AuditSeal.objects.of(globex.workspace.pk).last()
    assert "globex: " in out.getvalue() and head.digest in out.getvalue()


def test_a_late_commit_is_sealed_with_the_next_ones(sealed):
    event = late(sealed, timedelta(minutes=20))
    assert seal_all(timezone.now() + LATER) == 1
    assert event.pk in AuditSeal.objects.of(sealed.workspace.pk).last().digests() and not problem(sealed)


def test_what_may_still_be_committed_is_not_sealed(acme):
    assert seal_all(timezone.now()) == 0 and not problem(acme)


def test_a_change_of_no_workspace_is_sealed_too(acme):
    ChangeEvent.objects.create(actor_kind="system", action="user.created", sentence="x")
    seal_all(timezone.now() + LATER)
    assert verify_chain(sealing.INSTALLATION).events == 1


def test_changes_are_kept_as_long_as_the_operator_says_and_the_rest_verifies(sealed, settings):
    now = timezone.now() + LATER
    seals = AuditSeal.objects.of(sealed.workspace.pk)
    settings.AUDIT_LOG_DAYS = 0
    assert forget_changes(now + timedelta(days=9999)) == 0
    settings.AUDIT_LOG_DAYS = 30
    assert forget_changes(now) == 0
    total, last = ChangeEvent.objects.of(sealed.workspace).count(), seals.last()
    seals.filter(number__gt=2).delete()
    assert forget_changes(now + timedelta(days=31)) == 6
    assert not problem(sealed) and ChangeEvent.objects.of(sealed.workspace).count() == total - 6
    assert seal_all(now) == total - 6 and not problem(sealed) and seals.last().number == last.number
    ChangeEvent.objects.filter(pk=ChangeEvent.objects.of(sealed.workspace).last().pk).forget()
    assert problem(sealed).endswith("is missing.")


def test_a_change_writes_and_reads_nothing_of_the_chain(acme):
    with CaptureQueriesContext(connection) as queries:
        factories.group(acme.dev, name="New")
    assert not [query for query in queries if "auditseal" in query["sql"]]


@pytest.mark.django_db(transaction=True)
def test_processes_that_seal_at_once_make_one_chain(acme, monkeypatch):
    monkeypatch.setattr(sealing, "BATCH", 1)
    start, now = Barrier(2), timezone.now() + LATER

    def work(_):
        start.wait()
        try:
            return seal_chain(acme.workspace.pk, now)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, range(2)))
    seal_chain(acme.workspace.pk, now)
    verdict = verify_chain(acme.workspace.pk)
    assert not verdict.problem and verdict.events == ChangeEvent.objects.of(acme.workspace).count()
