"""Every page of provisioning: nothing of another workspace, or of another environment, can be seen or changed."""

import pytest
from django.test import Client
from django.urls import reverse

from authentication.models import EnvironmentProvider
from provisioning import urls
from provisioning.actions.mappings import add_mapping
from provisioning.models import ScimRequest
from tests import factories
from tests.scim import Scim, make_connection
from workspace.events import SYSTEM
from workspace.models import ChangeEvent, EndUser

pytestmark = pytest.mark.django_db
# The ids in each route, by the names of its converters.
IDS = {pattern.name or "": set(pattern.pattern.converters) for pattern in urls.urlpatterns}
WITH_IDS = sorted(name for name, ids in IDS.items() if ids)


@pytest.fixture
def owner(scim) -> Client:
    """A browser of acme's owner, whose password was given just now."""
    return factories.sign_in(Client(), factories.administrator(scim.connection.environment.workspace))


@pytest.fixture
def elsewhere(scim) -> Scim:
    """Another environment of the same workspace, with people of its own."""
    return Scim(make_connection(name="Okta Test", environment="TEST"))


def ids_of(scim: Scim) -> dict[str, object]:
    """One thing of each kind behind the connection."""
    name = scim.connection.name.replace(" ", "").lower()
    scim.group("Engineers", [scim.user(name)])
    environment = scim.connection.environment
    add_mapping(connection=scim.connection, name="Mapped", environment=environment, by=SYSTEM)
    return {
        "mapping": scim.connection.mappings.get().pk,
        "provider": scim.connection.environment_provider.identity_provider_id,
        "token": scim.connection.tokens.get().pk,
        "exchange": ScimRequest.objects.filter(connection=scim.connection).first().pk,
        "end_user": EndUser.objects.get(email=f"{name}@example.com").pk,
    }


def address(route: str, ids: dict[str, object], workspace: str = "acme", environment: str = "dev") -> str:
    where = {"workspace": workspace, "environment": environment}
    return reverse(f"provisioning:{route}", kwargs=where | {name: ids[name] for name in IDS[route]})


def state() -> list:
    """What a change would alter, apart from the request log."""
    uses = EnvironmentProvider.objects.order_by("pk").values_list("method", "connection__is_enabled")
    return [ChangeEvent.objects.count(), list(uses)]


def sent() -> dict[str, str]:
    return {"method": "manual", "people": "deactivate", "password": factories.PASSWORD}


def is_about_a_person(route: str) -> bool:
    return IDS[route] == {"end_user"}


def test_ids_of_another_workspace_are_404(scim, other, owner):
    ids = ids_of(other)
    before = state()

    for route in WITH_IDS:
        for response in (owner.get(address(route, ids), follow=True), owner.post(address(route, ids), sent())):
            assert response.status_code in {404, 405}, route
        assert state() == before, route


def test_ids_of_another_environment_are_404(scim, elsewhere, owner):
    ids = ids_of(elsewhere)
    before = state()

    for route in (route for route in WITH_IDS if not is_about_a_person(route)):
        for response in (owner.get(address(route, ids), follow=True), owner.post(address(route, ids), sent())):
            assert response.status_code in {404, 405}, route
        assert state() == before, route


def test_tokens_of_another_provider_are_404(scim, owner):
    neighbour = Scim(make_connection(name="Entra Dev"))
    ids = ids_of(scim) | {"token": neighbour.connection.tokens.get().pk}

    for route in (route for route in WITH_IDS if "token" in IDS[route]):
        for response in (owner.get(address(route, ids)), owner.post(address(route, ids), sent())):
            assert response.status_code == 404, route
        assert neighbour.get("/Users").status == 200, route


def test_the_pages_of_another_workspace_are_404(scim, other, owner):
    ids = ids_of(other)
    before = state()

    for route in sorted(IDS):
        for response in (
            owner.get(address(route, ids, "globex", "prod")),
            owner.post(address(route, ids, "globex", "prod"), sent()),
            owner.get(address(route, ids, "acme", "nowhere")),
        ):
            assert response.status_code == 404, route
        assert state() == before, route


def test_nothing_is_shown_to_who_is_not_signed_in(scim):
    ids = ids_of(scim)
    for route in sorted(IDS):
        response = Client().get(address(route, ids))
        assert response.status_code == 302, route
        assert response.url.startswith(reverse("workspace:sign-in")), route


@pytest.mark.parametrize("route", ["activity", "requests"])
def test_lists_hold_nothing_of_others(scim, other, elsewhere, owner, route):
    ids_of(other)
    ids_of(elsewhere)

    page = owner.get(address(route, {}))

    assert page.context["rows"] == []
    assert [label for _, label in page.context["form"].fields["provider"].choices] == ["Any provider", "Okta Dev"]


@pytest.mark.parametrize("route", ["activity", "requests"])
def test_filters_find_nothing_of_others(scim, other, elsewhere, owner, route):
    ids_of(other)
    ids_of(elsewhere)

    for connection in (other.connection, elsewhere.connection):
        assert owner.get(address(route, {}), {"provider": connection.pk, "q": "Engineers"}).context["rows"] == []


def test_a_request_shows_no_change_of_another_workspace_with_the_same_request_id(scim, other, owner):
    ids = ids_of(scim)
    ids_of(other)
    theirs = ScimRequest.objects.filter(connection=other.connection).first()
    ScimRequest.objects.filter(pk=ids["exchange"]).update(request_id=theirs.request_id)

    assert owner.get(address("request", ids)).context["rows"] == []
