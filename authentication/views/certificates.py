"""The certificates that an IdP may sign with, and what a refresh of its metadata would make of them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_POST

from authentication import idp_side, pending
from authentication.actions.identity_providers import connection
from authentication.actions.metadata_refresh import (
    Outcome,
    confirm_metadata,
    discard_metadata,
    offered,
    refresh_metadata,
)
from authentication.models import EnvironmentProvider, IdentityProvider
from authentication.saml.certificates import Certificate, parse_certificates
from authentication.saml.metadata import IdpMetadata
from authentication.views.providers import certificate_badge, get_environment_provider, list_url
from workspace.console.decorators import ConsoleRequest, console
from workspace.console.navigation import page_url
from workspace.console.permissions import Permission
from workspace.console.proof import RECENT
from workspace.models import Environment
from workspace.refusals import ActionError

_LABELS = {
    "issuer": "Issuer (entity ID)",
    "single_sign_on_url": "Single sign-on URL",
    "single_sign_on_binding": "Binding",
    "single_logout_url": "Single logout URL",
    "single_logout_binding": "Binding of single logout",
    "single_logout_response_url": "Single logout URL for responses",
    "wants_signed_requests": "Wants signed AuthnRequests",
}
_STAYS, _IS_NEW = {"word": "Stays"}, {"word": "New", "tone": "warning"}
_IS_GONE = {"word": "No longer listed", "tone": "danger"}


@console
def index(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """The certificates in force; above them, what waits for confirmation."""
    found, now = get_environment_provider(environment, provider).identity_provider, timezone.now()
    held = found.pending_metadata
    context = {
        "provider": found,
        "certificates": [_in_force(certificate.pem, now) for certificate in found.certificates.all()],
        "has_url": found.metadata_source == IdentityProvider.MetadataSource.URL,
        "held": _difference(found, held, now) if held else None,
        "connect_url": _url("connect", environment, provider),
        "refresh_url": _url("metadata-refresh", environment, provider),
        "confirm_url": _url("metadata-confirm", environment, provider),
        "discard_url": _url("metadata-discard", environment, provider),
        "list_url": list_url(environment),
    }
    return render(request, "authentication/providers/certificates.html", context)


@require_POST
@console(needs=Permission.MANAGE_SIGN_IN)
def refresh(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Fetch the metadata again; nothing that is trusted changes by that."""
    environment_provider = get_environment_provider(environment, provider)
    found, now = environment_provider.identity_provider, timezone.now()
    try:
        metadata = _fetched(found, now)
        outcome = refresh_metadata(
            environment_provider=environment_provider,
            metadata=metadata,
            url=found.metadata_url,
            fetched_at=now,
            by=request.actor,
        )
    except (idp_side.WrongAnswer, ActionError) as error:
        messages.error(request, f"The metadata was not refreshed. {error}")
    else:
        _say(request, found, outcome)
    return redirect(_url("certificates", environment, provider))


@require_POST
@console(needs=Permission.MANAGE_SIGN_IN, recent=RECENT)
def confirm(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Take over what is held, as it was shown."""
    done = "The changed metadata was confirmed and is in force."
    return _decide(request, get_environment_provider(environment, provider), confirm_metadata, done)


@require_POST
@console(needs=Permission.MANAGE_SIGN_IN, recent=RECENT)
def discard(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Forget what is held."""
    done = "The changed metadata was discarded. The connection stays as it was."
    return _decide(request, get_environment_provider(environment, provider), discard_metadata, done)


def _decide(
    request: ConsoleRequest, environment_provider: EnvironmentProvider, act: Callable[..., None], done: str
) -> HttpResponse:
    try:
        act(environment_provider=environment_provider, digest=request.POST.get("digest", ""), by=request.actor)
        messages.success(request, done)
    except ActionError as error:
        messages.error(request, error.message)
    return redirect(_url("certificates", environment_provider.environment, environment_provider.identity_provider_id))


def _fetched(provider: IdentityProvider, now: datetime) -> IdpMetadata:
    """What the IdP says now. Reaches out to the network: never call it in a transaction."""
    if provider.metadata_source != IdentityProvider.MetadataSource.URL:
        raise ActionError("no_metadata_url", "It was not given by URL. Replace the certificates instead.")
    metadata = idp_side.read_metadata_url(provider.metadata_url, now)
    held = set(provider.certificates.values_list("fingerprint", flat=True))
    idp_side.refuse_expired(metadata.certificates, held, now)
    return metadata


def _say(request: ConsoleRequest, provider: IdentityProvider, outcome: Outcome) -> None:
    if outcome == Outcome.HELD:
        messages.warning(request, f"The metadata of {provider} has changed. Nothing is in force until you confirm it.")
    elif outcome == Outcome.APPLIED:
        messages.success(request, f"The metadata of {provider} was refreshed.")
    else:
        messages.success(request, f"The metadata of {provider} has not changed.")


def _difference(provider: IdentityProvider, held: pending.Pending, now: datetime) -> dict[str, Any]:
    """What is held against what is in force: values before and after, and each certificate of either side."""
    metadata = pending.from_json(held)
    before, after = connection(provider), offered(provider, metadata)
    in_force = {each.fingerprint: parse_certificates(each.pem)[0] for each in provider.certificates.all()}
    coming = {certificate.fingerprint: certificate for certificate in metadata.certificates}
    return {
        "digest": pending.digest(held),
        "fetched_at": datetime.fromisoformat(held["fetched_at"]),
        "values": [
            {"label": label, "before": _words(before[key]), "after": _words(after[key])}
            for key, label in _LABELS.items()
            if before[key] != after[key]
        ],
        "certificates": [
            _described(certificate, now, _fate(certificate, in_force, coming))
            for certificate in (coming | in_force).values()
        ],
    }


def _fate(certificate: Certificate, in_force: dict[str, Certificate], coming: dict[str, Certificate]) -> dict[str, str]:
    if certificate.fingerprint not in coming:
        return _IS_GONE
    return _STAYS if certificate.fingerprint in in_force else _IS_NEW


def _words(value: object) -> str:
    return {True: "Yes", False: "No"}[value] if isinstance(value, bool) else str(value)


def _in_force(pem: str, now: datetime) -> dict[str, Any]:
    (certificate,) = parse_certificates(pem)
    return _described(certificate, now, certificate_badge(certificate, now) or {"word": "Valid", "tone": "success"})


def _described(certificate: Certificate, now: datetime, badge: dict[str, str]) -> dict[str, Any]:
    return {
        "subject": certificate.subject,
        "badge": badge,
        "expiry": certificate_badge(certificate, now),
        "facts": [
            {"label": "SHA-256 fingerprint", "value": certificate.fingerprint, "mono": True},
            {"label": "Key", "value": certificate.key_description},
            {"label": "Valid from", "value": date_format(certificate.not_before, "j F Y, H:i e")},
            {"label": "Valid until", "value": date_format(certificate.not_after, "j F Y, H:i e")},
        ],
    }


def _url(route: str, environment: Environment, provider: UUID) -> str:
    return page_url(f"authentication:provider-{route}", environment, provider=provider)
