"""Deletion of the personal data of one person. The history keeps ids and what was done."""

from datetime import datetime

from django.contrib.admin.models import LogEntry
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, ngettext

from workspace.action_names import Action
from workspace.actions.redacting import find_events, redact
from workspace.crypto import UnsealError, unseal
from workspace.db.transactions import atomic
from workspace.erasing import NOBODY, TELLS, Erasure, deleted, erase_all, erases, forgotten, nameless
from workspace.events import Actor, Called, Sentence, record
from workspace.merging import Fact, lock_all
from workspace.models import EndUser, IdempotentRequest, ImportedLine, PeopleImport
from workspace.refusals import ActionError
from workspace.words import count, grouped

GONE = gettext_lazy("This person is gone already. Nothing was changed by this.")
STILL_ACTIVE = gettext_lazy("Deactivate the person first. Only then can the personal data be deleted.")
STOPPED = gettext_noop(
    "Personal data of somebody in this file was deleted. Upload the file again, without that person."
)


@atomic
def delete_personal_data(*, end_user: EndUser, by: Actor, now: datetime) -> list[Fact]:
    """Delete name, address and all else that is known of a deactivated person. Return what happened.

    Nothing undoes it. An IdP that sends the person again makes a new one. The event says by digests which changes of
    the audit log it has altered: `verify_chain` reads that.
    """
    lock_all(end_user.workspace)
    erasure = _locked(end_user, now)
    events = find_events(erasure)
    facts = erase_all(erasure)
    redactions = redact(erasure, events)
    erasure.end_user.delete()
    person = EndUser(pk=end_user.pk, full_name=NOBODY)
    record(
        by=by,
        action=Action.END_USER_PERSONAL_DATA_DELETED,
        subject=person,
        workspace=end_user.workspace,
        sentence=Sentence(
            "{by} deleted the personal data of {person}.", by=by, person=Called(person, "a deactivated person")
        ),
        people=sorted(erasure.ids),
        after={"redacted": redactions},
    )
    return [
        *facts,
        Fact(_("Audit log"), nameless(count(len(redactions), "change", "changes"), len(redactions))),
    ]


def _locked(end_user: EndUser, now: datetime) -> Erasure:
    """Return the person, locked, with all names and addresses that the tables hold."""
    person = EndUser.objects.select_for_update(of=("self",)).select_related("workspace").filter(pk=end_user.pk).first()
    if not person:
        raise ActionError("gone", GONE)
    if person.is_active:
        raise ActionError("active", STILL_ACTIVE)
    merged = list(person.merged.values_list("pk", "full_name", "email"))
    texts = {person.full_name, person.email, person.user_name, *(text for _, *texts in merged for text in texts)}
    texts |= {text for tell in TELLS for text in tell(person)}
    return Erasure(person, {person.pk, *(pk for pk, *_ in merged)}, now, texts - {""})


@erases("accesses", "memberships", "merged", "mails")
def erase_rows(erasure: Erasure) -> list[Fact]:
    """Count what goes with the person's own row."""
    person = erasure.end_user
    environments = person.accesses.values("environment").distinct().count()
    groups = person.memberships.values("group").distinct().count()
    facts = [
        Fact(_("Full name"), person.full_name),
        Fact(_("Email address"), person.email or _("None")),
        Fact(_("Access"), forgotten(count(environments, "environment", "environments"), environments)),
        Fact(_("Groups"), forgotten(count(groups, "membership", "memberships"), groups)),
    ]
    merged = person.merged.count()
    return [*facts, Fact(_("Merged people"), forgotten(grouped(merged), merged))] if merged else facts


@erases()
def erase_imports(erasure: Erasure) -> list[Fact]:
    """Delete the person's lines of imports, and stop imports whose file names the person."""
    imports = PeopleImport.objects.filter(workspace=erasure.workspace_id)
    lines = ImportedLine.objects.filter(people_import__in=imports)
    named = Q(email_key__in=erasure.keys) | Q(full_name__in=erasure.texts)
    files = [job for job in imports.exclude(text="") if erasure.pattern.search(job.text)]
    number = lines.filter(named).delete()[0]
    for job in files:
        job.lines.all().delete()
        job.text, job.state, job.note = "", PeopleImport.State.STOPPED, STOPPED
        job.save()
    facts = [Fact(_("Imports"), deleted(count(number, "line", "lines"), number))] if number else []
    stopped = ngettext("%(number)s will be stopped", "%(number)s will be stopped", len(files))
    stopped %= {"number": count(len(files), "import", "imports")}
    return [*facts, Fact(_("Imports"), stopped)] if files else facts


@erases()
def empty_operators_log(erasure: Erasure) -> list[Fact]:
    """Delete what Django admin notes of changes of the person."""
    ids = [str(pk) for pk in (*erasure.ids, *erasure.records)]
    LogEntry.objects.filter(object_id__in=ids).update(object_repr=NOBODY, change_message="")
    return []


@erases()
def empty_kept_answers(erasure: Erasure) -> list[Fact]:
    """Empty the answers of the management API that name the person. They are kept for a day."""
    kept = IdempotentRequest.objects.filter(token__workspace=erasure.workspace_id).exclude(sealed_answer="")
    named = [row.pk for row in kept if _names(row.sealed_answer, erasure)]
    IdempotentRequest.objects.filter(pk__in=named).update(sealed_answer="")
    return []


def _names(sealed: str, erasure: Erasure) -> bool:
    """Say whether an answer names the person, or cannot be read."""
    try:
        answer = unseal(sealed)
    except UnsealError:
        return True
    return any(str(pk) in answer for pk in erasure.ids) or erasure.pattern.search(answer) is not None
