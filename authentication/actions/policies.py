"""Changes of how end users sign in to an environment."""

from authentication.mail import tell_owners
from authentication.models import EnvironmentPolicy
from workspace.db.transactions import atomic
from workspace.events import ActionError, Actor, record
from workspace.models import Environment

_PASSWORD_FIRST = "switch Password authentication on first"


@atomic
def switch_saml(*, environment: Environment, is_enabled: bool, by: Actor) -> bool:
    """Let identity providers sign people in, or passwords only; tells whether it changed."""
    policy = locked_policy(environment)
    if policy.is_saml_enabled == is_enabled:
        return False
    policy.is_saml_enabled = is_enabled
    policy.save()
    refuse_lock_out(environment, remedy=_PASSWORD_FIRST)
    _record(policy, "saml", "SAML-based SSO authentication", is_enabled, by)
    return True


@atomic
def switch_password(*, environment: Environment, is_enabled: bool, by: Actor) -> bool:
    """Let people sign in with a password, or by identity providers only; tells whether it changed."""
    policy = locked_policy(environment)
    if policy.is_password_enabled == is_enabled:
        return False
    policy.is_password_enabled = is_enabled
    policy.save()
    refuse_lock_out(environment, remedy=_missing_for_saml(policy))
    _record(policy, "password", "Password authentication", is_enabled, by)
    return True


def refuse_lock_out(environment: Environment, *, remedy: str = _PASSWORD_FIRST) -> None:
    """Call after a change, in its transaction: raises when nobody could sign in any more."""
    policy = locked_policy(environment)
    if policy.is_password_enabled:
        return
    if not (policy.is_saml_enabled and environment.providers.usable().exists()):
        raise ActionError(f"Nobody could sign in to {environment} then: {remedy}.")


def locked_policy(environment: Environment) -> EnvironmentPolicy:
    """The environment's row, made when it is first needed; changes that could lock out wait for each other."""
    EnvironmentPolicy.objects.get_or_create(environment=environment)
    return EnvironmentPolicy.objects.select_for_update().get(environment=environment)


def _missing_for_saml(policy: EnvironmentPolicy) -> str:
    if not policy.is_saml_enabled:
        return "switch SAML-based SSO authentication on first, with an identity provider that is set up"
    return "set up an identity provider first, and keep it turned on"


def _record(policy: EnvironmentPolicy, key: str, label: str, is_enabled: bool, by: Actor) -> None:
    verb = "enabled" if is_enabled else "disabled"
    event = record(
        by=by,
        action=f"policy.{key}_{verb}",
        subject=policy,
        environment=policy.environment,
        sentence=f"{by.name} switched {label} {'on' if is_enabled else 'off'} in {policy.environment}.",
        before={f"is_{key}_enabled": not is_enabled},
        after={f"is_{key}_enabled": is_enabled},
    )
    tell_owners(event, policy.environment.workspace)
