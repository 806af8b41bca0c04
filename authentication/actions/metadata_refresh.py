"""Metadata that was fetched again: what changes trust waits until an administrator has seen it (security.md S13)."""

from datetime import datetime
from enum import Enum

from django.utils.translation import gettext, gettext_noop

from authentication import pending
from authentication.actions.provider_connection import apply_metadata, locked_provider
from authentication.actions.provider_states import Rows, State, connection_rows, connection_state, single_logout_state
from authentication.models import EnvironmentProvider, IdentityProvider
from authentication.saml.metadata import IdpMetadata
from workspace.action_names import Action
from workspace.db.transactions import atomic
from workspace.events import Actor, Sentence, changed, record
from workspace.mail import tell_owners
from workspace.models import ChangeEvent
from workspace.refusals import ActionError
from workspace.words import fields_in_words

CHANGED_MEANWHILE = gettext_noop("The connection of this provider was changed meanwhile. Refresh the metadata again.")
NOTHING_PENDING = gettext_noop("Nothing waits for confirmation any more: somebody else has decided already.")
CHANGED_AGAIN = gettext_noop(
    "The metadata has changed once more since you opened this page. Look at the differences again."
)


class Outcome(Enum):
    """What a refresh led to."""

    UNCHANGED = "unchanged"
    APPLIED = "applied"
    HELD = "held"


@atomic
def refresh_metadata(
    *, environment_provider: EnvironmentProvider, metadata: IdpMetadata, url: str, fetched_at: datetime, by: Actor
) -> Outcome:
    """Apply a new validity at once; hold everything else that changed. `url` is where the metadata came from."""
    provider = locked_provider(environment_provider)
    if (provider.metadata_source, provider.metadata_url) != (IdentityProvider.MetadataSource.URL, url):
        raise ActionError("changed_meanwhile", gettext(CHANGED_MEANWHILE))
    rows = connection_rows(provider)
    provider.metadata_fetched_at = fetched_at
    before, after = connection_state(provider), offered_state(provider, metadata)
    if before == after:
        return _apply_validity(environment_provider, provider, metadata, rows, by)
    held = pending.to_json(metadata, fetched_at=fetched_at)
    return _hold(environment_provider, provider, held, before | {"rows": rows}, after, by)


@atomic
def confirm_metadata(*, environment_provider: EnvironmentProvider, digest: str, by: Actor, now: datetime) -> None:
    """Apply the held metadata, if it is what `digest` stands for."""
    provider = locked_provider(environment_provider)
    before, rows = connection_state(provider), connection_rows(provider)
    apply_metadata(provider, pending.from_json(_decided(provider, digest)), by=by, now=now)
    after = connection_state(provider)
    action, template = (
        Action.IDENTITY_PROVIDER_METADATA_CONFIRMED,
        gettext_noop("{by} confirmed changed metadata of {provider}: {what}."),
    )
    before |= {"rows": rows}
    tell_owners(_record(environment_provider, provider, action, template, before, after, by), provider.workspace)


@atomic
def discard_metadata(*, environment_provider: EnvironmentProvider, digest: str, by: Actor) -> None:
    """Forget the held metadata, if it is what `digest` stands for; the provider stays as it is."""
    provider = locked_provider(environment_provider)
    held, rows = _decided(provider, digest), connection_rows(provider)
    offered = offered_state(provider, pending.from_json(held))
    provider.pending_metadata = None
    provider.save(update_fields=["pending_metadata", "updated_at"])
    record(
        by=by,
        action=Action.IDENTITY_PROVIDER_METADATA_DISCARDED,
        subject=provider,
        environment=environment_provider.environment,
        sentence=Sentence("{by} discarded changed metadata of {provider}.", by=by, provider=provider),
        concerns=[environment_provider, environment_provider.environment],
        before={"held": changed(offered, connection_state(provider)), "rows": rows},
    )


def offered_state(provider: IdentityProvider, metadata: IdpMetadata) -> State:
    """Return the `connection_state` that the metadata would lead to."""
    return connection_state(provider) | {
        "issuer": metadata.entity_id,
        "single_sign_on_url": metadata.sso_url,
        "single_sign_on_binding": metadata.sso_binding,
        **single_logout_state(metadata.slo),
        "wants_signed_requests": metadata.wants_authn_requests_signed,
        "certificates": sorted(certificate.fingerprint for certificate in metadata.certificates),
    }


def _decided(provider: IdentityProvider, digest: str) -> pending.Pending:
    """Return the held metadata. Raises ActionError unless it is what the administrator has seen."""
    held = provider.pending_metadata
    if held is None:
        raise ActionError("nothing_pending", gettext(NOTHING_PENDING))
    if pending.digest(held) != digest:
        raise ActionError("changed_again", gettext(CHANGED_AGAIN))
    return held


def _apply_validity(
    environment_provider: EnvironmentProvider, provider: IdentityProvider, metadata: IdpMetadata, rows: Rows, by: Actor
) -> Outcome:
    """Save the new validity of metadata that changes nothing else. What was held before is out of date."""
    before: State = {
        "valid_until": _iso(provider.metadata_valid_until),
        "is_held": provider.pending_metadata is not None,
    }
    after: State = {"valid_until": _iso(metadata.valid_until), "is_held": False}
    provider.metadata_valid_until, provider.pending_metadata = metadata.valid_until, None
    provider.save(update_fields=["metadata_fetched_at", "metadata_valid_until", "pending_metadata", "updated_at"])
    if before == after:
        return Outcome.UNCHANGED
    before |= {"rows": rows}
    template = gettext_noop("{by} refreshed the metadata of {provider}: the connection is as the provider says.")
    action = Action.IDENTITY_PROVIDER_METADATA_REFRESHED
    _record(environment_provider, provider, action, template, before, after, by)
    return Outcome.APPLIED


def _hold(
    environment_provider: EnvironmentProvider,
    provider: IdentityProvider,
    held: pending.Pending,
    before: State,
    after: State,
    by: Actor,
) -> Outcome:
    """Keep the difference for a decision. It is recorded once, however often it is fetched."""
    earlier = provider.pending_metadata
    provider.pending_metadata = held
    provider.save(update_fields=["metadata_fetched_at", "pending_metadata", "updated_at"])
    if earlier is None or pending.digest(earlier) != pending.digest(held):
        template = gettext_noop("{by} refreshed the metadata of {provider}: changes of {what} wait for confirmation.")
        action = Action.IDENTITY_PROVIDER_METADATA_HELD
        tell_owners(_record(environment_provider, provider, action, template, before, after, by), provider.workspace)
    return Outcome.HELD


def _record(
    environment_provider: EnvironmentProvider,
    provider: IdentityProvider,
    action: Action,
    template: str,
    before: State,
    after: State,
    by: Actor,
) -> ChangeEvent:
    what = fields_in_words(changed(after, before))
    return record(
        by=by,
        action=action,
        subject=provider,
        environment=environment_provider.environment,
        sentence=Sentence(template, by=by, provider=provider, what=what),
        concerns=[environment_provider, environment_provider.environment],
        before=changed(before, after),
        after=changed(after, before),
    )


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
