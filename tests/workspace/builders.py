"""A workspace with people of every role and kind: what the tests of this app start from."""

from types import SimpleNamespace

from tests import factories
from workspace.actions.end_users import create_end_user
from workspace.actions.groups import create_group, delete_group, take_over_group
from workspace.actions.imports import upload_people
from workspace.events import SYSTEM, Actor
from workspace.imports.decoding import Decoded
from workspace.models import (
    ChangeEvent,
    EndUser,
    EndUserGroup,
    Environment,
    PeopleImport,
    Source,
    SourceKind,
    Workspace,
)
from workspace.profile import Profile

OKTA = Source(SourceKind.SCIM, "0192f5e0-0000-7000-8000-000000000001", "Okta Dev")
OKTA_ACTOR = Actor("connection", OKTA.id, OKTA.name)


def build(slug: str) -> SimpleNamespace:
    """Ada by hand in DEV and in Support, Bo by SCIM in DEV and TEST and in Engineering."""
    workspace = factories.workspace(slug)
    dev, test, prod = workspace.environments.all()
    roles = {role: factories.administrator(workspace, role) for role in ("owner", "admin", "viewer")}
    ada = create_end_user(
        workspace=workspace,
        profile=Profile("Ada Winter", f"ada@{slug}.example", SYSTEM.source),
        environments=[dev],
        by=SYSTEM,
    )
    bo = provisioned(workspace, "Bo Lund", dev, test)
    return SimpleNamespace(
        workspace=workspace,
        dev=dev,
        test=test,
        prod=prod,
        roles=roles,
        ada=ada,
        bo=bo,
        support=factories.group(dev, ada, name="Support"),
        engineering=pushed_group(dev, "Engineering", bo),
        event=ChangeEvent.objects.of(workspace)[0],
        job=uploaded(dev),
        everyone=dev.groups.get(is_everyone=True),
        url=f"/workspaces/{slug}/dev/",
        actor=Actor.administrator(roles["owner"]),
    )


def uploaded(environment: Environment, text: str = "Name,E-mail\nCy Moor,cy@example.com\n") -> PeopleImport:
    """An import whose columns are not chosen yet."""
    content = Decoded(text, "UTF-8")
    return upload_people(environment=environment, file_name="people.csv", content=content, by=SYSTEM)


def with_take_over(place: SimpleNamespace) -> SimpleNamespace:
    """The same workspace, where Okta has taken over a group with Ada and has deleted it since."""
    old = factories.group(place.dev, place.ada, name="Taken over")
    take_over_group(group=old, source=OKTA, by=OKTA_ACTOR)
    place.taken_over = ChangeEvent.objects.of(place.workspace).filter(action="group.taken_over")[0]
    delete_group(group=old, by=OKTA_ACTOR)
    return place


def provisioned(workspace: Workspace, name: str, *environments: Environment) -> EndUser:
    """A person whom an IdP provisioned."""
    email = f"{name.split(maxsplit=1)[0].lower()}@{workspace.slug}.example"
    return create_end_user(
        workspace=workspace, profile=Profile(name, email, OKTA), environments=environments, source=OKTA, by=OKTA_ACTOR
    )


def pushed_group(environment: Environment, name: str, *members: EndUser) -> EndUserGroup:
    """A group that an IdP pushed."""
    ids = [member.pk for member in members]
    return create_group(environment=environment, name=name, members=ids, source=OKTA, by=OKTA_ACTOR)
