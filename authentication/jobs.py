"""The jobs of this app."""

from datetime import datetime, timedelta

from authentication.actions.certificate_notices import tell_of_expiry
from authentication.actions.metadata_refresh import Outcome, refresh_metadata
from authentication.actions.retention import forget_expired
from authentication.idp_side import fetch_idp
from authentication.models import EnvironmentProvider, IdentityProvider
from workspace.events import JOBS
from workspace.refusals import ActionError
from workspace.scheduling import job
from workspace.words import count


@job("Forget old sign-ins", every=timedelta(hours=1))
def forget_sign_ins(now: datetime) -> str:
    return f"{count(sum(forget_expired(now).values()), 'row', 'rows')} deleted."


@job("Refresh metadata", every=timedelta(hours=1))
def refresh_all_metadata(now: datetime) -> str:
    """Fetch the metadata of every provider that has a URL once a day, and again each hour after a failure."""
    outcomes = [_refresh(provider, now) for provider in IdentityProvider.objects.with_stale_metadata(now)]
    held, failed = outcomes.count(Outcome.HELD), outcomes.count(None)
    read = count(len(outcomes), "provider", "providers")
    return f"{read}: {held} wait for confirmation, {failed} did not answer rightly."


def _refresh(provider: IdentityProvider, now: datetime) -> Outcome | None:
    """Return what the refresh led to; None where the provider's answer cannot be used."""
    use = EnvironmentProvider.objects.of_provider(provider.pk)[0]
    try:
        metadata = fetch_idp(provider, provider.metadata_url, now)
        return refresh_metadata(
            environment_provider=use, metadata=metadata, url=provider.metadata_url, fetched_at=now, by=JOBS
        )
    except ActionError:
        return None


@job("Tell of certificates that expire", every=timedelta(hours=6))
def tell_of_certificates(now: datetime) -> str:
    return f"{count(tell_of_expiry(now), 'notice', 'notices')} sent."
