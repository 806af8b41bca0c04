"""Connections of two workspaces, and the administrators and clients that use them."""

import pytest
from django.test import Client

from authentication.models import EnvironmentProvider, IdentityProvider
from provisioning.models import ProvisioningConnection
from tests import factories
from tests.provisioning.conversations.play import Conversation
from tests.provisioning.filtering import ADA, BOB, CY, add_user
from tests.provisioning.setting_up import choose, post, shown_token
from tests.scim import Scim, make_connection
from workspace.models import Environment


@pytest.fixture
def scim(db):
    """A client of acme's connection."""
    return Scim(make_connection())


@pytest.fixture
def other(db):
    """A client of a connection in another workspace."""
    return Scim(make_connection("globex", "Entra Prod", "PROD"))


@pytest.fixture
def dev(db) -> Environment:
    return factories.workspace().environments.get(slug="dev")


@pytest.fixture
def prod(dev) -> Environment:
    return dev.workspace.environments.get(slug="prod")


@pytest.fixture
def use(dev) -> EnvironmentProvider:
    """A provider that step 2 of the wizard has set up, without a method yet."""
    use = factories.identity_provider(dev)
    IdentityProvider.objects.update(entity_id="https://idp.example")
    return use


@pytest.fixture
def browser(dev):
    """Browsers by role: browser("viewer")."""

    def sign_in(role: str) -> Client:
        return factories.sign_in(Client(), factories.administrator(dev.workspace, role))

    return sign_in


@pytest.fixture
def admin(browser) -> Client:
    return browser("admin")


@pytest.fixture
def saved(use, admin) -> Scim:
    """SCIM was chosen and saved; a client with the token that was shown."""
    clear = shown_token(choose(admin, use, "scim"))
    post(admin, "save", use, method="scim", takes_over_groups="on")
    return Scim(ProvisioningConnection.objects.get(), clear)


@pytest.fixture
def idp(scim) -> Conversation:
    """A client that begins to speak to a fresh connection."""
    return Conversation(scim)


@pytest.fixture
def connection(db) -> ProvisioningConnection:
    """A connection with three users for filters to find."""
    connection = make_connection()
    for document in (ADA, BOB, CY):
        add_user(connection, document)
    return connection
