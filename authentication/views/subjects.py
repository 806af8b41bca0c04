"""Pages of what changes of sign-in name, for links in their sentences."""

from collections.abc import Collection, Iterable

from django.utils.translation import gettext_noop as _

from authentication.models import EnvironmentProvider
from workspace.console.finding import MOST, Found, found_by_name
from workspace.console.navigation import page_url
from workspace.console.presenters import Pages, pages_of
from workspace.db.keys import name_key
from workspace.models import Environment


@found_by_name(_("Identity providers"))
def _providers_by_name(environment: Environment, text: str) -> Iterable[Found]:
    for row in environment.providers.filter(identity_provider__name_key__contains=name_key(text)).listed()[:MOST]:
        url = page_url("provisioning:overview", environment, provider=row.identity_provider_id)
        yield Found(row.identity_provider.name, url, row.identity_provider.get_vendor_display())


@pages_of("identityprovider")
def _provider_pages(environment: Environment, ids: Collection[str]) -> Pages:
    """Return the pages of providers where this environment uses them."""
    used = EnvironmentProvider.objects.filter(environment=environment, identity_provider__pk__in=ids)
    return {
        str(pk): page_url("authentication:provider-certificates", environment, provider=pk)
        for pk in used.values_list("identity_provider", flat=True)
    }
