"""Changes that somebody makes to their own console account."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from workspace.action_names import Action
from workspace.actions.account_mail import tell_account
from workspace.db.transactions import atomic
from workspace.events import Actor, Sentence, Word, record
from workspace.models import AccountLink, SignInThrottle, User
from workspace.models.throttling import too_many_attempts
from workspace.names import clean_name
from workspace.refusals import ActionError
from workspace.visits import Visit

SESSION_ENDED = gettext_lazy("This session has ended already.")


@atomic
def rename_account(*, user: User, full_name: str, by: Actor) -> bool:
    """Give the account another name, and say whether it is another one."""
    found = locked(user)
    before = found.full_name
    name = clean_name(
        full_name, what=_("full name"), missing=_("Enter your full name."), most=150, field="full_name", known=before
    )
    if name == before:
        return False
    found.full_name = name
    found.save(update_fields=["full_name", "updated_at"])
    record_own(
        found,
        Action.USER_RENAMED,
        gettext_noop("{by} changed their name."),
        by,
        before={"name": before},
        after={"name": name},
    )
    return True


def choose_theme(*, user: User, theme: User.Theme) -> None:
    """Show the account its pages light, dark or as its system. Nobody else sees that, so no event tells it."""
    User.objects.filter(pk=user.pk).update(theme=theme)


def choose_language(*, user: User, language: str) -> None:
    """Show the account its pages in a language; "" stands for the browser's. No event tells it either."""
    User.objects.filter(pk=user.pk).update(language=language)


def change_account_password(*, user: User, current: str, password: str, visit: Visit, now: datetime) -> User:
    """Replace the current password, and return the account. All sessions end: keep one by its new hash."""
    if wait := SignInThrottle.objects.attempt(user.email, visit.address or "", now):
        raise ActionError("too_many_attempts", too_many_attempts(wait), field="current")
    with transaction.atomic():
        found = locked(user)
        if not found.check_password(current):
            raise ActionError("wrong_password", _("This is not your current password."), field="current")
        by = Actor.account(found, visit)
        set_account_password(
            found, password, Action.USER_PASSWORD_CHANGED, gettext_noop("{by} changed their password."), by
        )
    SignInThrottle.objects.forget(user.email, visit.address or "")
    return found


@atomic
def end_account_sessions(*, user: User, by: Actor) -> None:
    """Sign the account out in every browser."""
    user.end_sessions()
    record_own(user, Action.USER_SESSIONS_ENDED, gettext_noop("{by} signed out everywhere."), by)


@atomic
def end_account_session(*, user: User, name: str, by: Actor) -> str:
    """Sign the account out in one browser, and return that browser in words."""
    found = next((each for each in user.console_sessions.all() if each.name == name), None)
    if found is None or not found.delete()[0]:
        raise ActionError("session_ended", SESSION_ENDED)
    record_own(
        user, Action.USER_SESSIONS_ENDED, gettext_noop("{by} signed out in {browser}."), by, browser=found.browser
    )
    return found.browser


def set_account_password(user: User, password: str, action: Action, template: str, by: Actor) -> None:
    """Set the password, which ends all sessions and links: somebody else may hold them. The owner is told by mail."""
    user.set_password(password)
    user.save(update_fields=["password", "updated_at"])
    user.links.filter(used_at=None, kind=AccountLink.Kind.PASSWORD).delete()
    record_own(user, action, template, by)
    tell_account(
        user, gettext_lazy("Your password was changed"), gettext_lazy("Your password for Workspace admin was changed.")
    )


def record_own(
    user: User,
    action: Action,
    template: str,
    by: Actor,
    *,
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
    **words: Word,
) -> None:
    """Write the event of a change of an account. It belongs to no workspace, and to the history of each role."""
    record(
        by=by,
        action=action,
        subject=user,
        sentence=Sentence(template, by=by, **words),
        concerns=list(user.roles.all()),
        before=before or {},
        after=after or {},
    )


def locked(user: User) -> User:
    """Return the account as of now. Its row stays locked."""
    return User.objects.select_for_update().get(pk=user.pk)
