"""The provider that a page of its provisioning is about: found, named, and the way back to its page."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from authentication.guides import GUIDES, Guide
from authentication.models import EnvironmentProvider
from provisioning.models import ProvisioningConnection
from workspace.console.decorators import ConsoleRequest
from workspace.console.navigation import page_url, tabs
from workspace.models import Environment


def get_environment_provider(environment: Environment, provider: UUID) -> EnvironmentProvider:
    """Return the environment's use of a provider, with its connection; 404 for providers of others."""
    used = environment.providers.select_related("identity_provider", "connection")
    environment_provider = get_object_or_404(used, identity_provider=provider)
    environment_provider.environment = environment
    return environment_provider


def connection_of(environment_provider: EnvironmentProvider) -> ProvisioningConnection | None:
    """Return the connection, where SCIM was ever chosen."""
    return getattr(environment_provider, "connection", None)


def connection_or_404(environment: Environment, provider: UUID) -> ProvisioningConnection:
    """Return the provider's connection to the environment, or 404."""
    connection = connection_of(get_environment_provider(environment, provider))
    if connection is None:
        raise Http404
    return connection


def setup_url(route: str, environment_provider: EnvironmentProvider, **kwargs: object) -> str:
    """Return the address of a page of the provider in its environment."""
    return page_url(
        route, environment_provider.environment, provider=environment_provider.identity_provider_id, **kwargs
    )


def setup_tabs(request: ConsoleRequest, environment_provider: EnvironmentProvider) -> list[dict[str, Any]]:
    """Return the tabs of a provider's provisioning, once it has a connection."""
    entries = [(_("Provisioning method"), "provisioning:setup"), (_("Mappings"), "provisioning:mappings")]
    return tabs(request, entries, provider=environment_provider.identity_provider_id)


def to_setup(environment_provider: EnvironmentProvider, **query: str) -> HttpResponse:
    """Redirect to the page of the provider's provisioning."""
    return redirect(f"{setup_url('provisioning:setup', environment_provider)}{'?' if query else ''}{urlencode(query)}")


def about(environment_provider: EnvironmentProvider) -> dict[str, object]:
    """Return what every page names: the provider, and its vendor's own words for what is copied to it."""
    guide = GUIDES[environment_provider.identity_provider.vendor]
    return {
        "provider": environment_provider.identity_provider,
        "guide": guide,
        "base_url_hint": _called(guide, guide.scim.base_url_field) if guide.scim else "",
        "token_hint": _called(guide, guide.scim.token_field) if guide.scim else "",
        "setup_url": setup_url("provisioning:setup", environment_provider),
    }


def _called(guide: Guide, field: str) -> str:
    return _("%(vendor)s calls it %(field)s.") % {"vendor": guide.name, "field": guide.field_name(field)}
