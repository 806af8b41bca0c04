"""Makes the demo workspaces, with the actions and the SCIM server of the product."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from authentication.actions.policies import switch_saml
from authentication.models import EnvironmentProvider, IdentityProvider
from provisioning.actions.connections import choose_method
from provisioning.actions.tokens import issue_token
from provisioning.demo import acme, globex
from provisioning.demo.passwords import password
from provisioning.demo.steps import add_provider
from provisioning.models import ProvisioningConnection
from workspace.actions.administrators import add_administrator
from workspace.actions.workspaces import create_workspace
from workspace.events import SYSTEM
from workspace.models import Administrator, Environment, User, Workspace

ACME, GLOBEX = "acme", "globex"
OPERATOR = "operator@demo.example"


def seed() -> bool:
    """Make the demo in one transaction unless it is there; say whether it was made."""
    with transaction.atomic():
        if Workspace.objects.filter(slug=ACME).exists():
            return False
        workspaces = _workspace("Acme", ACME), _workspace("Globex", GLOBEX)
        User.objects.create_superuser(OPERATOR, password(OPERATOR), full_name="Operator")
        with _without_request_log():
            acme.fill(workspaces[0])
            globex.fill(workspaces[1])
        return True


def add_empty_connection(name: str) -> tuple[ProvisioningConnection, str]:
    """Return a new SCIM connection without people in acme DEV, and its token; a taken name gets a number."""
    with transaction.atomic():
        environment = Environment.objects.get(workspace__slug=ACME, kind=Environment.Kind.DEV)
        use = add_provider(environment, _free_name(environment.workspace, name), IdentityProvider.Vendor.OTHER)
        choose_method(environment_provider=use, method=EnvironmentProvider.Method.SCIM, by=SYSTEM)
        connection = ProvisioningConnection.objects.get(environment_provider=use)
        return connection, issue_token(connection=connection, by=SYSTEM)


@contextmanager
def _without_request_log() -> Iterator[None]:
    """Keep the demo's mistakes out of the terminal: they are made on purpose."""
    logger = logging.getLogger("django.request")
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = False


def _workspace(name: str, slug: str) -> Workspace:
    workspace = create_workspace(name=name, slug=slug, kinds=tuple(Environment.Kind), by=SYSTEM)
    for role in Administrator.Role:
        email = f"{role}@{slug}.example"
        add_administrator(workspace=workspace, email=email, role=role, password=password(email), by=SYSTEM)
    for environment in workspace.environments.exclude(kind=Environment.Kind.DEV):
        switch_saml(environment=environment, is_enabled=True, by=SYSTEM)
    return workspace


def _free_name(workspace: Workspace, name: str) -> str:
    taken = set(workspace.identity_providers.values_list("name", flat=True))
    free, number = name, 1
    while free in taken:
        number += 1
        free = f"{name} {number}"
    return free
