"""Pages of what changes of sign-in name, for links in their sentences."""

from collections.abc import Collection

from authentication.models import EnvironmentProvider
from workspace.console.navigation import page_url
from workspace.console.presenters import Pages, pages_of
from workspace.models import Environment


@pages_of("identityprovider")
def _provider_pages(environment: Environment, ids: Collection[str]) -> Pages:
    """Return the pages of providers where this environment uses them."""
    used = EnvironmentProvider.objects.filter(environment=environment, identity_provider__pk__in=ids)
    return {
        str(pk): page_url("authentication:provider-certificates", environment, provider=pk)
        for pk in used.values_list("identity_provider", flat=True)
    }
