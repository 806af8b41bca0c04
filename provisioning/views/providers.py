"""The provider that a page of its provisioning is about: found, named, and the way back to its page."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from authentication.guides import GUIDES
from authentication.models import EnvironmentProvider
from provisioning.models import ProvisioningConnection
from workspace.console.decorators import ConsoleRequest
from workspace.console.navigation import page_url, tabs
from workspace.models import Environment


def used_provider(environment: Environment, provider: UUID) -> EnvironmentProvider:
    """The environment's use of the provider, with its connection; 404 for providers of others."""
    uses = environment.providers.select_related("identity_provider", "connection")
    use = get_object_or_404(uses, identity_provider=provider)
    use.environment = environment
    return use


def connection_of(use: EnvironmentProvider) -> ProvisioningConnection | None:
    """The connection, where SCIM was ever chosen."""
    return getattr(use, "connection", None)


def connection_or_404(environment: Environment, provider: UUID) -> ProvisioningConnection:
    """The provider's connection to the environment."""
    connection = connection_of(used_provider(environment, provider))
    if connection is None:
        raise Http404
    return connection


def setup_url(route: str, use: EnvironmentProvider, **kwargs: Any) -> str:
    """A page of the provider in its environment."""
    return page_url(route, use.environment, provider=use.identity_provider_id, **kwargs)


def setup_tabs(request: ConsoleRequest, use: EnvironmentProvider) -> list[dict[str, Any]]:
    """The tabs of a provider's provisioning, once it has a connection."""
    entries = [("Provisioning method", "provisioning:setup"), ("Mappings", "provisioning:mappings")]
    return tabs(request, entries, provider=use.identity_provider_id)


def to_setup(use: EnvironmentProvider, **query: str) -> HttpResponse:
    """Back to the page of the provider's provisioning."""
    return redirect(f"{setup_url('provisioning:setup', use)}{'?' if query else ''}{urlencode(query)}")


def about(use: EnvironmentProvider) -> dict[str, Any]:
    """What every page names: the provider, and its vendor's own words for what is copied to it."""
    guide = GUIDES[use.identity_provider.vendor]
    return {
        "provider": use.identity_provider,
        "guide": guide,
        "base_url_hint": f"{guide.label} calls it {guide.scim.base_url_field}." if guide.scim else "",
        "token_hint": f"{guide.label} calls it {guide.scim.token_field}." if guide.scim else "",
        "setup_url": setup_url("provisioning:setup", use),
    }


def counted(number: int, noun: str) -> str:
    """A number with its noun."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
