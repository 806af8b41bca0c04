"""Mail to people, which leaves through the outbox; and the mail that tells owners of a change."""

from collections.abc import Sequence
from uuid import UUID

from django.template.loader import render_to_string

from workspace.events import kind_of
from workspace.isolation import isolated
from workspace.models import ChangeEvent, EndUser, OutgoingMail, Workspace

# A mail names this many entries of a list and counts the others.
NAMED = 20


def mail(
    recipients: Sequence[str],
    subject: str,
    template: str,
    context: dict[str, object],
    *,
    end_user_id: UUID | str | None = None,
) -> OutgoingMail:
    """Return a mail that leaves once it is stored and committed. `end_user_id`: whose personal data it has."""
    row = OutgoingMail(recipients=list(recipients), subject=subject, end_user_id=end_user_id)
    row.body = render_to_string(template, context)
    return row


def tell_owners(
    event: ChangeEvent, workspace: Workspace, *, what: str = "Sign-in to", page: str = "Authentication"
) -> None:
    """Mail an important change to all owners (security.md S15).

    `what` begins the subject, `page` is where an owner corrects the change.
    Changes by `SYSTEM`, such as building the demo, are not mailed.
    """
    if event.actor_kind == ChangeEvent.ActorKind.SYSTEM and not event.actor_id:
        return
    context = {"event": event, "workspace": workspace, "changes": _changes(event), "page": page}
    person = event.subject_id if event.subject_kind == kind_of(EndUser) else None
    mail_owners(workspace, f"{what} {workspace} was changed", "emails/owners.txt", context, end_user_id=person)


def mail_owners(
    workspace: Workspace,
    subject: str,
    template: str,
    context: dict[str, object],
    *,
    end_user_id: UUID | str | None = None,
) -> None:
    """Mail all owners, if the change is committed. `end_user_id`: whose personal data the mail has."""
    addresses = list(workspace.administrators.owners().values_list("user__email", flat=True))
    if addresses:
        mail(addresses, subject, template, context, end_user_id=end_user_id).save()


def _changes(event: ChangeEvent) -> list[tuple[str, str, str]]:
    """Return the changes of an event in words, as (name, before, after). Whole rows, kept as dicts, are left out."""
    changes = []
    for key in dict.fromkeys([*event.before, *event.after]):
        if isinstance(event.before.get(key) or event.after.get(key), dict):
            continue
        before, after = _words(event.before.get(key)), _words(event.after.get(key))
        # Two equal lists of names differ in their source: the same people, granted by another one.
        changes.append((key.replace("_", " "), before, "the same" if after == before else after))
    return changes


def _words(value: object) -> str:
    """Return a value of an event in words. A list holds names, or lists that begin with an id and a name."""
    if isinstance(value, list):
        names = [isolated(str(each[1] if isinstance(each, list) else each)) for each in value]
        more = [f"{len(names) - NAMED:,} more"] if len(names) > NAMED else []
        return ", ".join(names[:NAMED] + more) or "none"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value or "none")
