"""Operators see every table of provisioning, can change none of it, and never meet a secret."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from provisioning.actions.mappings import add_mapping
from provisioning.models import ScimToken
from tests import factories
from workspace.events import SYSTEM
from workspace.models import User

pytestmark = pytest.mark.django_db
MODELS = sorted(apps.get_app_config("provisioning").get_models(), key=str)


@pytest.fixture
def operator() -> Client:
    return factories.as_operator(Client())


@pytest.fixture
def rows(scim) -> None:
    """A row in every table."""
    scim.group("Engineers", [scim.user("ada")])
    environment = scim.connection.environment
    add_mapping(connection=scim.connection, name="Mapped", environment=environment, by=SYSTEM)


def page_of(model, kind: str = "changelist", *args) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{kind}", args=args)


@pytest.mark.parametrize("model", MODELS)
def test_every_table_is_there_with_search_and_filters(rows, operator, model):
    registered = admin.site._registry[model]
    assert registered.search_fields
    assert registered.list_filter

    assert operator.get(page_of(model)).context["cl"].result_count == model.objects.count()
    for text in ("okta dev", "0192f5e0-0000-7000-8000-000000000001", "ada'%_"):
        assert operator.get(page_of(model), {"q": text}).status_code == 200
    assert operator.get(page_of(model, "change", model.objects.first().pk)).status_code == 200


@pytest.mark.parametrize("model", MODELS)
def test_nothing_can_be_added_changed_or_deleted(rows, operator, model):
    pk = model.objects.first().pk

    assert operator.get(page_of(model, "add")).status_code == 403
    assert operator.post(page_of(model, "change", pk), {}).status_code == 403
    assert operator.post(page_of(model, "delete", pk), {"post": "yes"}).status_code == 403
    assert "delete_selected" not in operator.get(page_of(model)).content.decode()
    assert model.objects.filter(pk=pk).exists()


def test_no_secret_of_a_token_is_shown(rows, scim, operator):
    token = ScimToken.objects.get()
    pages = [operator.get(page_of(ScimToken)), operator.get(page_of(ScimToken, "change", token.pk))]

    for page in pages:
        content = page.content.decode()
        assert token.masked in content
        for secret in (token.digest, token.sealed, scim.token, scim.token.split("_", 2)[2]):
            assert secret not in content
    assert operator.get(page_of(ScimToken), {"q": token.digest}).context["cl"].result_count == 0


@pytest.mark.parametrize("model", MODELS)
def test_the_number_of_queries_does_not_depend_on_the_number_of_rows(
    rows, scim, operator, model, django_assert_max_num_queries
):
    scim.group("Designers", [scim.user("bo"), scim.user("cy")])

    with django_assert_max_num_queries(14):
        operator.get(page_of(model))


@pytest.mark.parametrize("model", MODELS)
def test_administrators_of_workspaces_are_not_operators(rows, client, model):
    client.force_login(User.objects.create_user(email="owner@acme.example"))

    assert client.get(page_of(model)).status_code == 302
