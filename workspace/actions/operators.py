"""Changes of accounts by operators."""

from collections.abc import Mapping

from workspace.action_names import Action
from workspace.actions.accounts import locked
from workspace.actions.roles import lock_roles, refuse_without_owner
from workspace.db.transactions import atomic
from workspace.events import Actor, Sentence, changed, record
from workspace.models import Administrator, User, Workspace
from workspace.refusals import ActionError
from workspace.words import fields_in_words

# Names of its columns in sentences.
_WORDS = {"email": "email_address", "full_name": "name", "is_active": "status", "is_staff": "operator_rights"}


@atomic
def create_account(*, user: User, by: Actor) -> None:
    """Save a new account, which has its password already."""
    user.save()
    record(
        by=by,
        action=Action.USER_CREATED,
        subject=user,
        sentence=Sentence("{by} created the account {user}.", by=by, user=user),
    )


@atomic
def change_account(*, user: User, by: Actor) -> bool:
    """Save the address, name and rights of an edited account, and say whether they are others.

    A workspace keeps an owner who can sign in, and the installation an operator.
    """
    roles = Administrator.objects.filter(user=user.pk, role=Administrator.Role.OWNER)
    owned = list(Workspace.objects.filter(administrators__in=roles).order_by("pk"))
    for workspace in owned:
        lock_roles(workspace)
    before, after = _state(locked(user)), _state(user)
    if before == after:
        return False
    # Operators run the whole installation: Django's finer rights do not apply.
    user.is_superuser = user.is_staff
    user.save(update_fields=["email", "email_key", "full_name", "is_active", "is_staff", "is_superuser", "updated_at"])
    if before["is_active"] and not user.is_active:
        for workspace in owned:
            refuse_without_owner(workspace)
    if not User.objects.filter(is_staff=True, is_active=True).exists():
        raise ActionError("last_operator", "This is the last operator. Make somebody else an operator first.")
    now = changed(after, before)
    what = fields_in_words(_WORDS[name] for name in now)
    sentence = Sentence("{by} changed {what} of the account {user}.", by=by, what=what, user=user)
    _record(user, by, sentence, before=changed(before, after), after=now)
    return True


@atomic
def note_account_password(*, user: User, by: Actor) -> None:
    """Write the event of a password that an operator has set."""
    _record(user, by, Sentence("{by} edited the account {user}: {what}.", by=by, user=user, what="Changed password"))


def _state(user: User) -> dict[str, object]:
    return {name: getattr(user, name) for name in _WORDS}


def _record(user: User, by: Actor, sentence: Sentence, **states: Mapping[str, object]) -> None:
    record(
        by=by,
        action=Action.USER_CHANGED,
        subject=user,
        sentence=sentence,
        concerns=list(user.roles.all()),
        before=states.get("before", {}),
        after=states.get("after", {}),
    )
