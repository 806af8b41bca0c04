"""Mail to people, which leaves through the outbox; and the mail that tells owners of a change."""

from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from uuid import UUID

from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workspace.events import kind_of
from workspace.field_words import label_of, name_in_words, value_in_words
from workspace.isolation import isolated
from workspace.languages import spoken_to
from workspace.models import ChangeEvent, EndUser, OutgoingMail, Workspace
from workspace.sentences import told
from workspace.words import Text, filled, grouped

# A mail names this many entries of a list and counts the others.
NAMED = 20
_SIGN_IN_CHANGED = gettext_lazy("Sign-in to %(workspace)s was changed")
_AUTHENTICATION = gettext_lazy("Authentication")


def mail(
    recipients: Sequence[str],
    subject: Text,
    template: str,
    context: dict[str, object],
    *,
    language: str = "",
    end_user_id: UUID | str | None = None,
) -> OutgoingMail:
    """Return a mail that leaves once it is stored and committed.

    `language` is that of the reader's account, if there is one. `end_user_id`: whose personal data the mail has.
    """
    row = OutgoingMail(recipients=list(recipients), end_user_id=end_user_id)
    with spoken_to(language):
        row.subject, row.body = str(subject), render_to_string(template, context)
    return row


def tell_owners(
    event: ChangeEvent, workspace: Workspace, *, subject: Text = _SIGN_IN_CHANGED, page: Text = _AUTHENTICATION
) -> None:
    """Mail an important change to all owners (security.md S15).

    `subject` has %(workspace)s in it, `page` is where an owner corrects the change.
    Changes by `SYSTEM`, such as building the demo, are not mailed.
    """
    if event.actor_kind == ChangeEvent.ActorKind.SYSTEM and not event.actor_id:
        return
    context = {
        "event": event,
        # Called when the language of the reader is spoken.
        "sentence": partial(told, event.sentence, event.links),
        "workspace": workspace,
        "changes": partial(_changes, event),
        "page": page,
    }
    person = event.subject_id if event.subject_kind == kind_of(EndUser) else None
    named = filled(subject, {"workspace": workspace})
    mail_owners(workspace, named, "emails/owners.txt", context, end_user_id=person)


def mail_owners(
    workspace: Workspace,
    subject: Text,
    template: str,
    context: dict[str, object],
    *,
    end_user_id: UUID | str | None = None,
) -> None:
    """Mail all owners, if the change is committed. `end_user_id`: whose personal data the mail has."""
    addresses = defaultdict[str, list[str]](list)
    for language, address in workspace.administrators.owners().values_list("user__language", "user__email"):
        addresses[language].append(address)
    for language, theirs in addresses.items():
        mail(theirs, subject, template, context, language=language, end_user_id=end_user_id).save()


def _changes(event: ChangeEvent) -> list[tuple[str, str, str]]:
    """Return the changes of an event in words, as (name, before, after). Whole rows, kept as dicts, are left out."""
    changes = []
    for key in dict.fromkeys([*event.before, *event.after]):
        if isinstance(event.before.get(key) or event.after.get(key), dict):
            continue
        before, after = _words(key, event.before.get(key)), _words(key, event.after.get(key))
        # Two equal lists of names differ in their source: the same people, granted by another one.
        changes.append((label_of(key), before, _("the same") if after == before else after))
    return changes


def _words(field: str, value: object) -> str:
    """Return a value of an event in words. A list holds names, or lists that begin with an id and a name."""
    if isinstance(value, list):
        names = [isolated(_name(field, each)) for each in value]
        more = [_("%(number)s more") % {"number": grouped(len(names) - NAMED)}] if len(names) > NAMED else []
        return ", ".join(names[:NAMED] + more) or _("none")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return value_in_words(field, value) if value else _("none")


def _name(field: str, entry: object) -> str:
    return name_in_words(field, str(entry[1])) if isinstance(entry, list) else value_in_words(field, entry)
