"""Changes of how end users sign in to an environment."""

from typing import NamedTuple

from authentication.models import EnvironmentPolicy
from workspace.action_names import Action
from workspace.db.transactions import atomic
from workspace.events import Actor, Sentence, record
from workspace.mail import tell_owners
from workspace.models import Environment
from workspace.refusals import ActionError

_PASSWORD_FIRST = "switch Password authentication on first"


class _Switch(NamedTuple):
    """The names of a switch on the page and in events."""

    label: str
    enabled: Action
    disabled: Action


_SAML = _Switch("SAML-based SSO authentication", Action.POLICY_SAML_ENABLED, Action.POLICY_SAML_DISABLED)
_PASSWORD = _Switch("Password authentication", Action.POLICY_PASSWORD_ENABLED, Action.POLICY_PASSWORD_DISABLED)


@atomic
def switch_saml(*, environment: Environment, is_enabled: bool, by: Actor) -> bool:
    """Let identity providers sign people in, or passwords only. Say whether anything changed."""
    policy = locked_policy(environment)
    if policy.is_saml_enabled == is_enabled:
        return False
    policy.is_saml_enabled = is_enabled
    policy.save()
    refuse_lock_out(environment, remedy=_PASSWORD_FIRST)
    _record(policy, "is_saml_enabled", _SAML, is_enabled, by)
    return True


@atomic
def switch_password(*, environment: Environment, is_enabled: bool, by: Actor) -> bool:
    """Let passwords sign people in, or identity providers only. Say whether anything changed."""
    policy = locked_policy(environment)
    if policy.is_password_enabled == is_enabled:
        return False
    policy.is_password_enabled = is_enabled
    policy.save()
    refuse_lock_out(environment, remedy=_missing_for_saml(policy))
    _record(policy, "is_password_enabled", _PASSWORD, is_enabled, by)
    return True


def refuse_lock_out(environment: Environment, *, remedy: str = _PASSWORD_FIRST) -> None:
    """Raise ActionError if nobody could sign in any more. Call it after a change, in its transaction."""
    policy = locked_policy(environment)
    if policy.is_password_enabled:
        return
    if not (policy.is_saml_enabled and environment.providers.usable().exists()):
        raise ActionError("lock_out", f"Nobody could sign in to {environment} then: {remedy}.")


def locked_policy(environment: Environment) -> EnvironmentPolicy:
    """Return the environment's row, created when first needed. Changes that could lock out wait for each other."""
    EnvironmentPolicy.objects.get_or_create(environment=environment)
    return EnvironmentPolicy.objects.select_for_update().get(environment=environment)


def _missing_for_saml(policy: EnvironmentPolicy) -> str:
    if not policy.is_saml_enabled:
        return "switch SAML-based SSO authentication on first, with an identity provider that is set up"
    return "set up an identity provider first, and keep it turned on"


def _record(policy: EnvironmentPolicy, field: str, switch: _Switch, is_enabled: bool, by: Actor) -> None:
    event = record(
        by=by,
        action=switch.enabled if is_enabled else switch.disabled,
        subject=policy,
        environment=policy.environment,
        sentence=Sentence(
            "{by} switched {label} {state} in {environment}.",
            by=by,
            label=switch.label,
            state="on" if is_enabled else "off",
            environment=policy.environment,
        ),
        concerns=[policy.environment],
        before={field: not is_enabled},
        after={field: is_enabled},
    )
    tell_owners(event, policy.environment.workspace)
