"""Enforcement of single sign-on: what an administrator wishes, and when it starts."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from authentication.actions.provider_connection import locked
from authentication.actions.provider_states import configuration, details_state
from authentication.models import EnvironmentProvider
from workspace.action_names import Action
from workspace.db.transactions import atomic
from workspace.events import Actor, Sentence, changed, record
from workspace.mail import tell_owners
from workspace.models import ChangeEvent
from workspace.refusals import ActionError
from workspace.words import together

Enforcement = EnvironmentProvider.Enforcement

# Sentences of events.
_AFTER_TEST = gettext_noop(
    "{by} started the enforcement of {provider} for {whom} in {environment}, after a successful test sign-in."
)
_WITHOUT_TEST = gettext_noop(
    "{by} started the enforcement of {provider} for {whom} in {environment}, without a test sign-in."
)


def choose_enforcement(row: EnvironmentProvider, enforcement: str, domains: Sequence[str]) -> None:
    """Set the enforcement without saving. What goes beyond the enforcement in force is a wish until it is proved."""
    if row.covers(enforcement, domains):
        row.enforcement, row.domains = enforcement, list(domains)
        row.wished_enforcement, row.wished_domains = "", []
    else:
        row.wished_enforcement, row.wished_domains = enforcement, list(domains)


@atomic
def take_test(
    *, environment_provider: EnvironmentProvider, tested: str, by: Actor, now: datetime
) -> ChangeEvent | None:
    """Note that a test sign-in succeeded, and start the enforcement that waited for it. Return the event of the start.

    `tested` is the configuration when the test began. A test of another one than that of now proves nothing.
    """
    row = locked(environment_provider)
    if configuration(row) != tested:
        return None
    EnvironmentProvider.objects.filter(pk=row.pk).update(tested_at=now, tested_configuration=tested)
    row.refresh_from_db(fields=["tested_at", "tested_configuration"])
    return _start(row, _AFTER_TEST, by) if row.wished_enforcement else None


@atomic
def enforce_without_test(*, environment_provider: EnvironmentProvider, seen: str, by: Actor) -> ChangeEvent:
    """Start the wished enforcement although nothing proves it. `seen` is the configuration that the page showed."""
    row = locked(environment_provider)
    if not row.wished_enforcement:
        raise ActionError(
            "no_wish", gettext("No enforcement of %(provider)s waits to start.") % {"provider": row.identity_provider}
        )
    if not row.identity_provider.is_set_up:
        raise ActionError(
            "provider_not_set_up",
            gettext("Finish the set-up of %(provider)s first.") % {"provider": row.identity_provider},
        )
    if configuration(row) != seen:
        message = gettext(
            "%(provider)s was not enforced. Its connection, settings or domains were changed meanwhile. "
            "Read what applies now, then decide again."
        )
        raise ActionError("stale", message % {"provider": row.identity_provider})
    return _start(row, _WITHOUT_TEST, by)


def enforced_for(enforcement: str, domain_names: Sequence[str]) -> str | Promise:
    """Return whom an enforcement is for, in words: "all domains", "acme.com and acme.org", "no one"."""
    if enforcement == Enforcement.SELECTED_DOMAINS:
        return together(domain_names)
    return _("all domains") if enforcement == Enforcement.ALL_DOMAINS else _("no one")


def _start(row: EnvironmentProvider, template: str, by: Actor) -> ChangeEvent:
    before, wished = details_state(row), row.as_wished()
    row.enforcement, row.domains = wished.enforcement, wished.domains
    row.wished_enforcement, row.wished_domains = "", []
    row.save()
    after = details_state(row)
    event = record(
        by=by,
        action=Action.IDENTITY_PROVIDER_ENFORCEMENT_STARTED,
        subject=row.identity_provider,
        environment=row.environment,
        sentence=Sentence(
            template,
            by=by,
            provider=row.identity_provider,
            whom=enforced_for(row.enforcement, row.domain_names),
            environment=row.environment,
        ),
        concerns=[row, row.environment],
        before=changed(before, after),
        after=changed(after, before),
    )
    tell_owners(event, row.environment.workspace)
    return event
