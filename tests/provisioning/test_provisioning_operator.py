"""Operators see every table of provisioning, can change none of it, and never meet a secret."""

import pytest
from django.apps import apps
from django.test import Client

from provisioning.actions.mappings import add_mapping
from provisioning.models import ScimToken
from tests import factories
from tests.operator_pages import hold_to_the_rules, page, query_counts, read_only
from workspace.events import SYSTEM

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


def test_every_table_has_pages_that_show_no_secret(rows, operator):
    hold_to_the_rules(operator, MODELS)
    read_only(operator, MODELS)


def test_no_secret_of_a_token_is_shown(rows, scim, operator):
    token = ScimToken.objects.get()
    pages = [operator.get(page(ScimToken, "changelist")), operator.get(page(ScimToken, "change", token.pk))]

    for each in pages:
        content = each.content.decode()
        assert token.masked in content
        for secret in (token.digest, token.sealed, scim.token, scim.token.split("_", 2)[2]):
            assert secret not in content
    assert operator.get(page(ScimToken, "changelist"), {"q": token.digest}).context["cl"].result_count == 0


def test_lists_take_the_same_queries_however_long(rows, scim, operator):
    few = query_counts(operator, MODELS)
    scim.group("Designers", [scim.user("bo"), scim.user("cy")])
    assert query_counts(operator, MODELS) == few
