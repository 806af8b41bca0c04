"""What tests start from, made as the product makes it: a workspace and what lives in it."""

import time

from django.test import Client

from authentication.actions.identity_providers import create_provider
from authentication.models import EnvironmentProvider
from provisioning.actions.connections import choose_method, prepare_scim
from workspace.actions.administrators import add_administrator
from workspace.actions.end_users import create_end_user
from workspace.actions.groups import create_group
from workspace.actions.workspaces import create_workspace
from workspace.events import SYSTEM
from workspace.models import Administrator, EndUser, EndUserGroup, Environment, User, Workspace
from workspace.profile import Profile

PASSWORD = "a long enough passphrase"


def workspace(slug: str = "acme") -> Workspace:
    """A workspace with DEV, TEST and PROD."""
    return create_workspace(name=slug.title(), slug=slug, kinds=tuple(Environment.Kind), by=SYSTEM)


def administrator(place: Workspace, role: str = "owner") -> Administrator:
    """An administrator of the role, who signs in with PASSWORD."""
    email = f"{role}@{place.slug}.example"
    return add_administrator(workspace=place, email=email, role=Administrator.Role(role), password=PASSWORD, by=SYSTEM)


def sign_in(client: Client, who: Administrator) -> Client:
    """The administrator's browser, whose password was given just now."""
    client.force_login(who.user)
    session = client.session
    session["proved_at"] = time.time()
    session.save()
    return client


def as_operator(client: Client, email: str = "op@example.com") -> Client:
    """The browser of an operator who has given both factors."""
    client.force_login(User.objects.create_superuser(email, PASSWORD))
    session = client.session
    session["has_second_factor"] = True
    session.save()
    return client


def end_user(*environments: Environment, name: str = "Ada Winter") -> EndUser:
    """A person of the environments' workspace, with access to them by hand."""
    place = environments[0].workspace
    email = f"{name.replace(' ', '.').lower()}@{place.slug}.example"
    return create_end_user(
        workspace=place,
        profile=Profile(name, email, SYSTEM.source),
        environments=environments,
        by=SYSTEM,
    )


def group(environment: Environment, *members: EndUser, name: str = "Support") -> EndUserGroup:
    """A group by hand."""
    return create_group(environment=environment, name=name, members=[member.pk for member in members], by=SYSTEM)


def identity_provider(environment: Environment, name: str = "Okta Dev") -> EnvironmentProvider:
    """A provider that the environment uses, as far as the first step of the wizard goes."""
    no_one = EnvironmentProvider.Enforcement.NO_ONE
    return create_provider(environment=environment, name=name, vendor="okta", enforcement=no_one, by=SYSTEM)


def scim_token(use: EnvironmentProvider) -> str:
    """Switches SCIM on for the provider; the token of its connection (`use.connection`)."""
    token = prepare_scim(environment_provider=use, by=SYSTEM)
    choose_method(environment_provider=use, method=EnvironmentProvider.Method.SCIM, by=SYSTEM)
    return token
