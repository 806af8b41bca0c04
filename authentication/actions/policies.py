"""Changes of how end users sign in to an environment."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from authentication.actions.sessions import NONE_ENDED, EndedSessions, end_open_sessions
from authentication.models import EndUserSession, EnvironmentPolicy
from authentication.models.sessions import EndUserSessionQuerySet
from workspace.action_names import Action
from workspace.db.transactions import atomic
from workspace.events import Actor, Sentence, record
from workspace.mail import tell_owners
from workspace.models import ChangeEvent, Environment
from workspace.refusals import ActionError

_PASSWORD_FIRST = _("Nobody could sign in to %(environment)s then: switch Password authentication on first.")


class _Switch(NamedTuple):
    """The names of a switch on the page and in events."""

    field: str
    enabled: Action
    disabled: Action
    # Sentences of events, without and with sessions that end.
    switched_on: tuple[str, str]
    switched_off: tuple[str, str]


_SAML = _Switch(
    "is_saml_enabled",
    Action.POLICY_SAML_ENABLED,
    Action.POLICY_SAML_DISABLED,
    (
        _("{by} switched SAML-based SSO authentication on in {environment}."),
        _("{by} switched SAML-based SSO authentication on in {environment} and ended {sessions}."),
    ),
    (
        _("{by} switched SAML-based SSO authentication off in {environment}."),
        _("{by} switched SAML-based SSO authentication off in {environment} and ended {sessions}."),
    ),
)
_PASSWORD = _Switch(
    "is_password_enabled",
    Action.POLICY_PASSWORD_ENABLED,
    Action.POLICY_PASSWORD_DISABLED,
    (
        _("{by} switched Password authentication on in {environment}."),
        _("{by} switched Password authentication on in {environment} and ended {sessions}."),
    ),
    (
        _("{by} switched Password authentication off in {environment}."),
        _("{by} switched Password authentication off in {environment} and ended {sessions}."),
    ),
)


@atomic
def switch_saml(
    *, environment: Environment, is_enabled: bool, by: Actor, sessions_end_at: datetime | None = None
) -> ChangeEvent | None:
    """Let identity providers sign people in, or passwords only. Return the event, or None if nothing changed.

    With a time, the sessions that were opened through a provider end then; otherwise they go on.
    """
    sessions = EndUserSession.objects.of(environment).through_any_provider()
    return _switch(_SAML, environment, is_enabled, by, _ending(sessions, sessions_end_at))


@atomic
def switch_password(
    *, environment: Environment, is_enabled: bool, by: Actor, sessions_end_at: datetime | None = None
) -> ChangeEvent | None:
    """Let passwords sign people in, or identity providers only. Return the event, or None if nothing changed.

    With a time, the sessions that were opened with a password end then; otherwise they go on.
    """
    sessions = EndUserSession.objects.of(environment).with_password()
    return _switch(_PASSWORD, environment, is_enabled, by, _ending(sessions, sessions_end_at))


def refuse_lock_out(environment: Environment, *, refusal: str = _PASSWORD_FIRST) -> None:
    """Raise ActionError if nobody could sign in any more. Call it after a change, in its transaction."""
    policy = locked_policy(environment)
    if policy.is_password_enabled:
        return
    if not (policy.is_saml_enabled and environment.providers.usable().exists()):
        raise ActionError("lock_out", gettext(refusal) % {"environment": environment})


def locked_policy(environment: Environment) -> EnvironmentPolicy:
    """Return the environment's row, created when first needed. Changes that could lock out wait for each other."""
    EnvironmentPolicy.objects.get_or_create(environment=environment)
    return EnvironmentPolicy.objects.select_for_update().get(environment=environment)


def _switch(
    switch: _Switch, environment: Environment, is_enabled: bool, by: Actor, end: Callable[[], EndedSessions]
) -> ChangeEvent | None:
    policy = locked_policy(environment)
    if getattr(policy, switch.field) == is_enabled:
        return None
    setattr(policy, switch.field, is_enabled)
    policy.save()
    refuse_lock_out(environment, refusal=_PASSWORD_FIRST if switch is _SAML else _missing_for_saml(policy))
    ended = end()
    event = record(
        by=by,
        action=switch.enabled if is_enabled else switch.disabled,
        subject=policy,
        environment=environment,
        sentence=Sentence(
            (switch.switched_on if is_enabled else switch.switched_off)[bool(ended.ids)],
            by=by,
            environment=environment,
            sessions=ended.words,
        ),
        concerns=[environment],
        people=ended.people,
        before={switch.field: not is_enabled} | ended.state,
        after={switch.field: is_enabled},
    )
    tell_owners(event, environment.workspace)
    return event


def _ending(sessions: EndUserSessionQuerySet, at: datetime | None) -> Callable[[], EndedSessions]:
    return lambda: end_open_sessions(sessions, at) if at else NONE_ENDED


def _missing_for_saml(policy: EnvironmentPolicy) -> str:
    if not policy.is_saml_enabled:
        return _(
            "Nobody could sign in to %(environment)s then: switch SAML-based SSO authentication on first, "
            "with an identity provider that is set up."
        )
    return _("Nobody could sign in to %(environment)s then: set up an identity provider first, and keep it turned on.")
