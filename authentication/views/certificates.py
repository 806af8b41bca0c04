"""The certificates that an IdP may sign with, and what a refresh of its metadata would change."""

from datetime import datetime
from typing import TypedDict
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from authentication import pending
from authentication.actions.metadata_refresh import (
    Outcome,
    confirm_metadata,
    discard_metadata,
    offered_state,
    refresh_metadata,
)
from authentication.actions.provider_states import connection_state
from authentication.field_words import CONNECTION
from authentication.idp_side import fetch_idp
from authentication.models import IdentityProvider
from authentication.saml.certificates import Certificate, parse_certificates
from authentication.sentences import in_words
from authentication.views.described import Badge, DescribedCertificate, described_certificate, expiry_badge
from authentication.views.providers import get_environment_provider, list_url
from workspace.console.acting import refusals_as_messages
from workspace.console.decorators import ConsoleRequest, console
from workspace.console.methods import post_only
from workspace.console.navigation import page_url
from workspace.console.permissions import Permission
from workspace.console.proof import RECENT
from workspace.models import Environment
from workspace.refusals import ActionError

_STAYS: Badge = {"word": gettext_lazy("Stays")}
_IS_NEW: Badge = {"word": gettext_lazy("New"), "tone": "warning"}
_IS_GONE: Badge = {"word": gettext_lazy("No longer listed"), "tone": "danger"}
_VALID: Badge = {"word": gettext_lazy("Valid"), "tone": "success"}


class Difference(TypedDict):
    """Held metadata against what is in force: values before and after, and the certificates of both."""

    digest: str
    fetched_at: datetime
    values: list[dict[str, str]]
    certificates: list[DescribedCertificate]


@console
def index(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Show the certificates in force, and above them what waits for confirmation."""
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


@post_only("authentication:provider-certificates")
@console(needs=Permission.MANAGE_SIGN_IN)
def refresh(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Fetch the metadata again. That changes nothing that is trusted."""
    environment_provider, now = get_environment_provider(environment, provider), timezone.now()
    found = environment_provider.identity_provider
    try:
        if found.metadata_source != IdentityProvider.MetadataSource.URL:
            raise ActionError("no_metadata_url", _("It was not given by URL. Replace the certificates instead."))
        metadata = fetch_idp(found, found.metadata_url, now)
        outcome = refresh_metadata(
            environment_provider=environment_provider,
            metadata=metadata,
            url=found.metadata_url,
            fetched_at=now,
            by=request.actor,
        )
        _say(request, found, outcome)
        for sentence in metadata.left_out:
            messages.warning(request, in_words(sentence))
    except ActionError as error:
        messages.error(request, _("The metadata was not refreshed. %(message)s") % {"message": error.message})
    return redirect(_url("certificates", environment, provider))


@post_only("authentication:provider-certificates")
@console(needs=Permission.MANAGE_SIGN_IN, recent=RECENT)
def confirm(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Apply the held metadata, as it was shown."""
    environment_provider, digest = get_environment_provider(environment, provider), request.POST.get("digest", "")
    with refusals_as_messages(request):
        confirm_metadata(environment_provider=environment_provider, digest=digest, by=request.actor, now=timezone.now())
        messages.success(request, _("The changed metadata was confirmed and is in force."))
    return redirect(_url("certificates", environment, provider))


@post_only("authentication:provider-certificates")
@console(needs=Permission.MANAGE_SIGN_IN, recent=RECENT)
def discard(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Forget the held metadata."""
    environment_provider, digest = get_environment_provider(environment, provider), request.POST.get("digest", "")
    with refusals_as_messages(request):
        discard_metadata(environment_provider=environment_provider, digest=digest, by=request.actor)
        messages.success(request, _("The changed metadata was discarded. The connection stays as it was."))
    return redirect(_url("certificates", environment, provider))


def _say(request: ConsoleRequest, provider: IdentityProvider, outcome: Outcome) -> None:
    if outcome == Outcome.HELD:
        messages.warning(
            request,
            _("The metadata of %(provider)s has changed. Nothing is in force until you confirm it.")
            % {"provider": provider},
        )
    elif outcome == Outcome.APPLIED:
        messages.success(request, _("The metadata of %(provider)s was refreshed.") % {"provider": provider})
    else:
        messages.success(request, _("The metadata of %(provider)s has not changed.") % {"provider": provider})


def _difference(provider: IdentityProvider, held: pending.Pending, now: datetime) -> Difference:
    metadata = pending.from_json(held)
    before, after = connection_state(provider), offered_state(provider, metadata)
    in_force = {each.fingerprint: parse_certificates(each.pem)[0] for each in provider.certificates.all()}
    coming = {certificate.fingerprint: certificate for certificate in metadata.certificates}
    return {
        "digest": pending.digest(held),
        "fetched_at": datetime.fromisoformat(held["fetched_at"]),
        "values": [
            {"label": str(label), "before": _words(before[key]), "after": _words(after[key])}
            for key, label in CONNECTION.items()
            if before[key] != after[key]
        ],
        "certificates": [
            described_certificate(certificate, _fate(certificate, in_force, coming), now)
            for certificate in (coming | in_force).values()
        ],
    }


def _fate(certificate: Certificate, in_force: dict[str, Certificate], coming: dict[str, Certificate]) -> Badge:
    if certificate.fingerprint not in coming:
        return _IS_GONE
    return _STAYS if certificate.fingerprint in in_force else _IS_NEW


def _words(value: object) -> str:
    return {True: _("Yes"), False: _("No")}[value] if isinstance(value, bool) else str(value)


def _in_force(pem: str, now: datetime) -> DescribedCertificate:
    (certificate,) = parse_certificates(pem)
    return described_certificate(certificate, expiry_badge(certificate, now) or _VALID, now)


def _url(route: str, environment: Environment, provider: UUID) -> str:
    return page_url(f"authentication:provider-{route}", environment, provider=provider)
