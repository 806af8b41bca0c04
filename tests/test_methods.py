"""Whatever URL of a page is opened, something is shown: found from the URLconf, so that new pages are held to it."""

import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.converters import IntConverter, UUIDConverter

from tests import factories

# SCIM, the operators' site and what machines call have rules of their own.
_NOT_PAGES = ("scim/", "operator/", "saml/", "livez", "readyz", "api/")


def routes(patterns: list, above: str = "", converters: dict | None = None) -> Iterator[tuple[str, dict]]:
    """Every URL of a page, with the converters of its arguments."""
    for pattern in patterns:
        path = above + str(pattern.pattern)
        known = (converters or {}) | pattern.pattern.converters
        if path.startswith(_NOT_PAGES):
            continue
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, path, known)
        elif isinstance(pattern, URLPattern):
            yield path, known


ROUTES = dict(routes(get_resolver().url_patterns))


def address(path: str, **names: str) -> str:
    """A URL of a route. Things in it do not exist."""
    for name, converter in ROUTES[path].items():
        other = (
            str(uuid4())
            if isinstance(converter, UUIDConverter)
            else "1"
            if isinstance(converter, IntConverter)
            else "x"
        )
        path = re.sub(rf"<\w+:{name}>", names.get(name, other), path)
    return f"/{path}"


@pytest.fixture
def owner(db) -> Client:
    workspace = factories.workspace("acme")
    return factories.sign_in(Client(), factories.administrator(workspace, "owner"))


def test_the_urlconf_is_known():
    assert len(ROUTES) > 80
    assert {"sign-out/", "workspaces/<slug:workspace>/<slug:environment>/groups/"} <= set(ROUTES)


@pytest.mark.parametrize("path", ROUTES)
def test_every_url_that_is_opened_shows_something(owner: Client, path: str):
    response = owner.get(address(path, workspace="acme", environment="dev"))
    assert response.status_code in {200, 302, 303, 400, 403, 404, 409, 410}
    assert response.streaming or response.content or response.status_code in {302, 303}


def test_a_url_that_only_takes_a_post_leads_to_the_page_of_its_form(owner: Client):
    place = "/workspaces/acme/dev/"
    provider, person = uuid4(), uuid4()
    for path, page in {
        "/sign-out/": "/",
        "/account/sessions/end/": "/account/",
        f"{place}authentication/saml/": f"{place}authentication/",
        f"{place}authentication/undo/{uuid4()}/": f"{place}authentication/",
        f"{place}authentication/providers/{provider}/sp-certificate/rollover/start/": (
            f"{place}authentication/providers/{provider}/settings/"
        ),
        f"{place}end-users/{person}/sign-in/sessions/{uuid4()}/end/": f"{place}end-users/{person}/sign-in/",
        f"{place}authentication/providers/{provider}/provisioning/mappings/add/": (
            f"{place}authentication/providers/{provider}/provisioning/mappings/"
        ),
        "/sign-in/acme/dev/sign-out/": "/sign-in/acme/dev/",
    }.items():
        assert owner.get(path)["Location"] == page
        assert owner.head(path)["Location"] == page
        put = owner.put(path)
        assert put.status_code == 405 and "Nothing was changed" in put.content.decode() and put["Allow"] == "POST"


def test_what_takes_no_get_and_has_no_page_says_so(client: Client, db):
    response = client.get(f"/saml/{uuid4()}/acs")
    assert response.status_code == 405 and "This address does not work that way" in response.content.decode()
