"""Metadata that was fetched again: what changes trust waits until an administrator has seen it (security.md S13)."""

from datetime import datetime
from enum import Enum
from typing import Any

from authentication import pending
from authentication.actions.identity_providers import (
    changed,
    connection,
    listed,
    locked_provider,
    single_logout,
    take_over,
)
from authentication.models import EnvironmentProvider, IdentityProvider
from authentication.saml.metadata import IdpMetadata
from workspace.action_names import Action
from workspace.db.transactions import atomic
from workspace.events import Actor, Sentence, record
from workspace.mail import tell_owners
from workspace.refusals import ActionError

CHANGED_MEANWHILE = "The connection of this provider was changed meanwhile. Refresh the metadata again."
NOTHING_PENDING = "Nothing waits for confirmation any more: somebody else has decided already."
CHANGED_AGAIN = "The metadata has changed once more since you opened this page. Look at the differences again."


class Outcome(Enum):
    """What a refresh came to."""

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
        raise ActionError("changed_meanwhile", CHANGED_MEANWHILE)
    provider.metadata_fetched_at = fetched_at
    before, after = connection(provider), offered(provider, metadata)
    if before == after:
        return _apply(environment_provider, provider, metadata, by)
    return _hold(environment_provider, provider, pending.to_json(metadata, fetched_at=fetched_at), before, after, by)


@atomic
def confirm_metadata(*, environment_provider: EnvironmentProvider, digest: str, by: Actor) -> None:
    """Take over what is held, if it is what `digest` stands for."""
    provider = locked_provider(environment_provider)
    before = connection(provider)
    take_over(provider, pending.from_json(_decided(provider, digest)), by=by)
    after = connection(provider)
    event = record(
        by=by,
        action=Action.IDENTITY_PROVIDER_METADATA_CONFIRMED,
        subject=provider,
        environment=environment_provider.environment,
        sentence=Sentence(
            "{by} confirmed changed metadata of {provider}: {what}.",
            by=by,
            provider=provider,
            what=listed(changed(after, before)),
        ),
        before=changed(before, after),
        after=changed(after, before),
    )
    tell_owners(event, provider.workspace)


@atomic
def discard_metadata(*, environment_provider: EnvironmentProvider, digest: str, by: Actor) -> None:
    """Forget what is held, if it is what `digest` stands for; the provider stays as it is."""
    provider = locked_provider(environment_provider)
    after = offered(provider, pending.from_json(_decided(provider, digest)))
    provider.pending_metadata = None
    provider.save(update_fields=["pending_metadata", "updated_at"])
    record(
        by=by,
        action=Action.IDENTITY_PROVIDER_METADATA_DISCARDED,
        subject=provider,
        environment=environment_provider.environment,
        sentence=Sentence("{by} discarded changed metadata of {provider}.", by=by, provider=provider),
        before={"held": changed(after, connection(provider))},
    )


def offered(provider: IdentityProvider, metadata: IdpMetadata) -> dict[str, Any]:
    """What `connection` would say of the provider, were the metadata taken over."""
    return connection(provider) | {
        "issuer": metadata.entity_id,
        "single_sign_on_url": metadata.sso_url,
        "single_sign_on_binding": metadata.sso_binding,
        **single_logout(metadata.slo),
        "wants_signed_requests": metadata.wants_authn_requests_signed,
        "certificates": sorted(certificate.fingerprint for certificate in metadata.certificates),
    }


def _decided(provider: IdentityProvider, digest: str) -> pending.Pending:
    """What is held; raises unless it is what the administrator has seen."""
    held = provider.pending_metadata
    if held is None:
        raise ActionError("nothing_pending", NOTHING_PENDING)
    if pending.digest(held) != digest:
        raise ActionError("changed_again", CHANGED_AGAIN)
    return held


def _apply(
    environment_provider: EnvironmentProvider, provider: IdentityProvider, metadata: IdpMetadata, by: Actor
) -> Outcome:
    """The provider is as its IdP says, but for the validity; what was held before is out of date."""
    before = {"valid_until": _iso(provider.metadata_valid_until), "is_held": provider.pending_metadata is not None}
    after = {"valid_until": _iso(metadata.valid_until), "is_held": False}
    provider.metadata_valid_until, provider.pending_metadata = metadata.valid_until, None
    provider.save(update_fields=["metadata_fetched_at", "metadata_valid_until", "pending_metadata", "updated_at"])
    if before == after:
        return Outcome.UNCHANGED
    record(
        by=by,
        action=Action.IDENTITY_PROVIDER_METADATA_REFRESHED,
        subject=provider,
        environment=environment_provider.environment,
        sentence=Sentence(
            "{by} refreshed the metadata of {provider}: the connection is as the provider says.",
            by=by,
            provider=provider,
        ),
        before=changed(before, after),
        after=changed(after, before),
    )
    return Outcome.APPLIED


def _hold(
    environment_provider: EnvironmentProvider,
    provider: IdentityProvider,
    held: pending.Pending,
    before: dict[str, Any],
    after: dict[str, Any],
    by: Actor,
) -> Outcome:
    """Keep the difference for a decision; it is told once, however often it is fetched."""
    is_known = provider.pending_metadata is not None and pending.digest(provider.pending_metadata) == pending.digest(
        held
    )
    provider.pending_metadata = held
    provider.save(update_fields=["metadata_fetched_at", "pending_metadata", "updated_at"])
    if is_known:
        return Outcome.HELD
    what = listed(changed(after, before))
    event = record(
        by=by,
        action=Action.IDENTITY_PROVIDER_METADATA_HELD,
        subject=provider,
        environment=environment_provider.environment,
        sentence=Sentence(
            "{by} refreshed the metadata of {provider}: changes of {what} wait for confirmation.",
            by=by,
            provider=provider,
            what=what,
        ),
        before=changed(before, after),
        after=changed(after, before),
    )
    tell_owners(event, provider.workspace)
    return Outcome.HELD


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
