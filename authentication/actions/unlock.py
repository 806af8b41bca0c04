"""The way back for the operator when nobody can sign in to an environment any more."""

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext_noop as _

from authentication.actions.enforcement import enforced_for
from authentication.actions.policies import locked_policy
from authentication.actions.provider_connection import locked
from authentication.field_words import ENFORCED
from authentication.models import EnvironmentProvider
from workspace.action_names import Action
from workspace.db.transactions import atomic
from workspace.events import Actor, Sentence, changed, record
from workspace.mail import tell_owners
from workspace.models import ChangeEvent, Environment
from workspace.words import together

Enforcement = EnvironmentProvider.Enforcement

_UNLOCKED = _("{by} unlocked {environment}: passwords work.")
_UNLOCKED_WAITING = _(
    "{by} unlocked {environment}: passwords work, and enforcement of {providers} waits for a test sign-in again."
)


@atomic
def unlock_environment(*, environment: Environment, by: Actor) -> ChangeEvent | None:
    """Switch passwords on, and let every enforcement wait for a test again. Return the event, if anything changed."""
    policy = locked_policy(environment)
    enforcing = [locked(row) for row in environment.providers.listed().exclude(enforcement=Enforcement.NO_ONE)]
    if policy.is_password_enabled and not enforcing:
        return None
    after = {"is_password_enabled": True, "enforcement": []}
    before = {"is_password_enabled": policy.is_password_enabled, "enforcement": [_enforced(row) for row in enforcing]}
    for row in enforcing:
        if not row.wished_enforcement:
            row.wished_enforcement, row.wished_domains = row.enforcement, row.domains
        row.enforcement, row.domains = Enforcement.NO_ONE, []
        row.save()
    policy.is_password_enabled = True
    policy.save()
    event = record(
        by=by,
        action=Action.POLICY_UNLOCKED,
        subject=policy,
        environment=environment,
        sentence=Sentence(
            _UNLOCKED_WAITING if enforcing else _UNLOCKED,
            by=by,
            environment=environment,
            providers=together(str(row.identity_provider) for row in enforcing),
        ),
        concerns=[environment, *enforcing, *(row.identity_provider for row in enforcing)],
        before=changed(before, after),
        after=changed(after, before),
    )
    tell_owners(event, environment.workspace)
    return event


def _enforced(row: EnvironmentProvider) -> list[str]:
    """Return a provider with whom it was enforced for, as lists of events begin: with its id and name."""
    with translation.override(settings.LANGUAGE_CODE):
        whom = str(enforced_for(row.enforcement, row.domain_names))
    return [str(row.identity_provider_id), ENFORCED % {"provider": row.identity_provider, "whom": whom}]
