"""Makes the demo workspaces, through the same actions and the same SCIM server that everybody uses."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from django.db import transaction

from authentication.actions.identity_providers import connect_provider, create_provider, disable_provider
from authentication.actions.policies import switch_saml
from authentication.actions.sign_in import sign_in_with_password
from authentication.models import EnvironmentProvider, IdentityProvider, Visit
from provisioning.actions.connections import choose_method, prepare_scim
from provisioning.actions.tokens import issue_token
from provisioning.demo import people
from provisioning.demo.conversation import Conversation, entra_user, make_mistakes, okta_user
from provisioning.demo.passwords import password
from provisioning.demo.practice import idp_side
from provisioning.models import ProvisioningConnection
from workspace.actions.administrators import add_administrator
from workspace.actions.end_users import create_end_user, deactivate_end_user, set_password
from workspace.actions.groups import change_members, create_group
from workspace.actions.workspaces import create_workspace
from workspace.events import SYSTEM
from workspace.models import Administrator, EndUser, Environment, User, Workspace

ACME, GLOBEX = "acme", "globex"
OPERATOR = "operator@demo.example"
# How many of acme's people were added by hand before Okta came: the first of them are linked by it later.
BY_HAND = 12

Vendor = IdentityProvider.Vendor
Enforcement = EnvironmentProvider.Enforcement
Method = EnvironmentProvider.Method


def seed() -> bool:
    """Make what is missing; tells whether there was anything to do. All or nothing, so it can be repeated."""
    with transaction.atomic():
        if Workspace.objects.filter(slug=ACME).exists():
            return False
        acme, globex = _workspace("Acme", ACME), _workspace("Globex", GLOBEX)
        User.objects.create_superuser(OPERATOR, password(OPERATOR), full_name="Operator")
        with _without_request_log():
            _acme(acme)
            _globex(globex)
        return True


def add_empty_connection(name: str) -> tuple[ProvisioningConnection, str]:
    """A fresh SCIM connection in acme/DEV without any people, and its token; a taken name gets a number."""
    with transaction.atomic():
        environment = Environment.objects.get(workspace__slug=ACME, kind=Environment.Kind.DEV)
        use = _provider(environment, _free(environment.workspace, name), Vendor.OTHER)
        choose_method(environment_provider=use, method=Method.SCIM, by=SYSTEM)
        connection = ProvisioningConnection.objects.get(environment_provider=use)
        return connection, issue_token(connection=connection, by=SYSTEM)


@contextmanager
def _without_request_log() -> Iterator[None]:
    """The demo's mistakes are made on purpose: nobody needs to read of them on the terminal."""
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


def _acme(acme: Workspace) -> None:
    dev, test, prod = acme.environments.all()
    _by_hand(dev, prod)
    _providers_in_each_state(test, prod)
    conversation, connection = _scim(_provider(prod, "Okta Prod", Vendor.OKTA, Enforcement.ALL_DOMAINS))
    users = {
        name: conversation.create_user(okta_user(number, name, people.email(name, "acme.example")))
        for number, name in enumerate(people.ACME[BY_HAND // 2 :], start=1)
    }
    ids = list(users.values())
    conversation.create_group("Engineering", ids[:18])
    conversation.create_group("Sales", ids[18:28])
    support = conversation.create_group("Support", ids[25:])
    conversation.patch(f"/Users/{ids[3]}", [{"op": "replace", "value": {"title": "Team lead"}}])
    conversation.patch(f"/Users/{ids[-1]}", [{"op": "replace", "value": {"active": False}}])
    conversation.say("GET", "/Users?filter=userName+eq+%22ada.winter%40acme.example%22&startIndex=1&count=100")
    last = people.ACME[-2]
    make_mistakes(
        conversation,
        Conversation(connection.base_url, "scim_wrongtoken_0000"),
        okta_user(99, last, people.email(last, "acme.example")),
        support,
    )
    _sign_ins(dev, prod)


def _globex(globex: Workspace) -> None:
    dev, test, prod = globex.environments.all()
    *pushed, by_hand = people.GLOBEX
    _add_by_hand(by_hand, [dev])
    jit = _provider(test, "Entra Test", Vendor.ENTRA)
    choose_method(environment_provider=jit, method=Method.JIT, syncs_groups=True, by=SYSTEM)
    conversation, _ = _scim(_provider(prod, "Entra ID", Vendor.ENTRA, Enforcement.SELECTED_DOMAINS, ["globex.example"]))
    ids = [
        conversation.create_user(entra_user(number, name, people.email(name, "globex.example")))
        for number, name in enumerate(pushed, start=1)
    ]
    conversation.create_group("Operations", ids[:9])
    conversation.patch(f"/Users/{ids[0]}", [{"op": "Replace", "path": "active", "value": "False"}])


def _by_hand(dev: Environment, prod: Environment) -> None:
    """People of DEV with passwords, some with PROD too, and groups; one of them deactivated."""
    testers = create_group(environment=dev, name="Testers", by=SYSTEM)
    # Okta pushes a group of this name later, and takes it over.
    create_group(environment=prod, name="Sales", by=SYSTEM)
    added = [
        _add_by_hand(name, [dev, prod] if number % 3 == 0 else [dev])
        for number, name in enumerate(people.ACME[:BY_HAND])
    ]
    change_members(group=testers, add=[end_user.pk for end_user in added[:8]], by=SYSTEM)
    deactivate_end_user(end_user=EndUser.objects.get(pk=added[1].pk), by=SYSTEM)


def _add_by_hand(name: str, environments: list[Environment]) -> EndUser:
    """A person with a password."""
    workspace = environments[0].workspace
    email = people.email(name, f"{workspace.slug}.example")
    end_user = create_end_user(workspace=workspace, full_name=name, email=email, environments=environments, by=SYSTEM)
    set_password(end_user=end_user, password=password(email), by=SYSTEM)
    return end_user


def _sign_ins(dev: Environment, prod: Environment) -> None:
    """Attempts with a password: one that succeeds, and one refused for each reason that occurs here."""
    by_hand, deactivated, mistaken, *_, pushed = (people.email(name, "acme.example") for name in people.ACME[:-1])
    for environment, email, typed in [
        (dev, by_hand, password(by_hand)),
        (dev, deactivated, password(deactivated)),
        (dev, pushed, "a password for elsewhere"),
        (dev, "ada.wintre@acme.example", password(by_hand)),
        (prod, by_hand, password(by_hand)),
        *[(dev, mistaken, "a forgotten password")] * 6,
    ]:
        visit = Visit("192.0.2.24", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0")
        sign_in_with_password(environment=environment, email=email, password=typed, visit=visit, now=datetime.now(UTC))


def _providers_in_each_state(test: Environment, prod: Environment) -> None:
    """Just-in-time provisioning, manual, no method chosen yet, turned off, and one whose set-up was left half-way."""
    jit = _provider(test, "Okta Test", Vendor.OKTA, Enforcement.ALL_DOMAINS)
    choose_method(environment_provider=jit, method=Method.JIT, syncs_groups=True, by=SYSTEM)
    create_provider(
        environment=test, name="Keycloak Lab", vendor=Vendor.KEYCLOAK, enforcement=Enforcement.NO_ONE, by=SYSTEM
    )
    _provider(test, "PingOne Trial", Vendor.PING)
    manual = _provider(prod, "Partner AD FS", Vendor.ADFS, Enforcement.SELECTED_DOMAINS, ["partner.example"])
    choose_method(environment_provider=manual, method=Method.MANUAL, by=SYSTEM)
    disable_provider(use=_provider(prod, "OneLogin (old)", Vendor.ONELOGIN), by=SYSTEM)


def _provider(
    environment: Environment,
    name: str,
    vendor: str,
    enforcement: str = Enforcement.NO_ONE,
    domains: list[str] | None = None,
) -> EnvironmentProvider:
    """A provider whose set-up is finished."""
    use = create_provider(
        environment=environment, name=name, vendor=vendor, enforcement=enforcement, domains=domains or [], by=SYSTEM
    )
    metadata = idp_side(use.identity_provider)
    connect_provider(use=use, metadata=metadata, source=IdentityProvider.MetadataSource.FIELDS, by=SYSTEM)
    return use


def _scim(use: EnvironmentProvider) -> tuple[Conversation, ProvisioningConnection]:
    """Choose SCIM, as an administrator would, and hand Base URL and token to the IdP."""
    token = prepare_scim(environment_provider=use, by=SYSTEM)
    choose_method(environment_provider=use, method=Method.SCIM, by=SYSTEM)
    connection = ProvisioningConnection.objects.get(environment_provider=use)
    return Conversation(connection.base_url, token), connection


def _free(workspace: Workspace, name: str) -> str:
    taken = set(workspace.identity_providers.values_list("name", flat=True))
    number = 1
    while (free := name if number == 1 else f"{name} {number}") in taken:
        number += 1
    return free
