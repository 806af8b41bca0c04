"""What an administrator does on the pages that set up SCIM."""

import re
from html import unescape

from django.test import Client
from django.urls import reverse

from authentication.models import EnvironmentProvider
from provisioning.models import ScimToken
from tests.factories import PASSWORD
from tests.scim import Scim
from workspace.models import EnvironmentAccess

TOKEN = re.compile(r"scim_[a-z0-9]+_[\w-]{20,}")


def url(route: str, use: EnvironmentProvider, **kwargs) -> str:
    where = {"workspace": "acme", "environment": "dev", "provider": use.identity_provider_id}
    return reverse(f"provisioning:{route}", kwargs={**where, **kwargs})


def post(client: Client, route: str, use: EnvironmentProvider, *, follow: bool = False, **data):
    return client.post(url(route, use), data, follow=follow)


def choose(client: Client, use: EnvironmentProvider, method: str):
    """Continue with a method; the page that then opens."""
    return post(client, "method", use, method=method, follow=True)


def text(response) -> str:
    return unescape(response.content.decode())


def shown_token(response) -> str:
    """The one token in clear on the page, or nothing."""
    found = set(TOKEN.findall(text(response)))
    assert len(found) <= 1
    return found.pop() if found else ""


def reveal(client: Client, use: EnvironmentProvider, token: ScimToken, password: str = PASSWORD):
    return client.post(url("setup-token-reveal", use, token=token.pk), {"password": password})


def people_of(saved: Scim) -> int:
    return EnvironmentAccess.objects.filter(source_id=str(saved.connection.pk)).count()
