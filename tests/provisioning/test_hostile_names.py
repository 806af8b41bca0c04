"""Names that turn text round, as older releases took them: every page shows them, and none turns a sentence round."""

import re
from html import unescape
from html.parser import HTMLParser

import pytest
from django.test import Client
from django.urls import reverse

from authentication.models import EnvironmentProvider, IdentityProvider, SignInAttempt
from provisioning.actions.mappings import add_mapping
from provisioning.models import GroupMapping, ProvisionedGroup, ProvisionedUser, ScimRequest
from tests import factories
from tests.scim import Scim
from workspace.actions.end_users import deactivate_end_user, update_profile
from workspace.actions.members import change_members
from workspace.events import SYSTEM, Actor
from workspace.models import (
    Administrator,
    EndUser,
    EndUserGroup,
    Environment,
    EnvironmentAccess,
    GroupMembership,
    User,
    Workspace,
)
from workspace.profile import Profile

pytestmark = pytest.mark.django_db
TURN = "\u202e"
NAME = re.compile(f"[^{TURN}]+{TURN}[^{TURN}]+")
ISOLATED = re.compile("\u2068[^\u2066-\u2069]*\u2069")
VOID = {"meta", "link", "input", "img", "br", "hr", "path"}
# Browsers show the text of these without elements. Nothing stands beside an option, nor beside what was typed.
PLAIN, ALONE = {"title", "option"}, {"option", "textarea"}
NAMES = {
    Workspace: "name",
    User: "email",
    EndUser: "full_name",
    EndUserGroup: "name",
    EnvironmentAccess: "source_name",
    GroupMembership: "source_name",
    IdentityProvider: "name",
    GroupMapping: "name",
    ProvisionedUser: "user_name",
    ProvisionedGroup: "display_name",
    ScimRequest: "connection_name",
    SignInAttempt: "email",
}


def is_name(text: str) -> bool:
    return NAME.fullmatch(text) is not None and not re.search(r"\. |, | was | will | of | in |:", text)


class Page(HTMLParser):
    """The texts outside `<bdi>` that turn, and the texts of each `<bdi>`."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.path = [""]
        self.bare: list[str] = []
        self.isolated: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.path += [tag] if tag not in VOID else []

    def handle_endtag(self, tag):
        assert tag in VOID or self.path.pop() == tag

    def handle_data(self, data):
        if self.path[-1] == "bdi":
            self.isolated.append(data)
        elif not (self.path[-1] in ALONE and is_name(data.strip())):
            text = ISOLATED.sub("", data) if self.path[-1] in PLAIN else data
            self.bare += [text] if TURN in text else []


@pytest.fixture
def environment(settings) -> Environment:
    """One of everything, then all names are turned as an old database may have them, then more changes."""
    environment = factories.workspace().environments.get(slug="dev")
    owner = factories.administrator(environment.workspace)
    support = factories.group(environment, ada := factories.end_user(environment))
    use = factories.identity_provider(environment)
    IdentityProvider.objects.update(entity_id="https://idp.example", sso_url="https://idp.example/sso")
    token = factories.scim_token(use)
    scim = Scim(EnvironmentProvider.objects.get(pk=use.pk).connection, token)
    scim.group("Engineers", [scim.user("bo")])
    add_mapping(connection=scim.connection, name="Mapped", environment=environment, group=support, by=SYSTEM)
    attempt = {"workspace_id": environment.workspace_id, "environment": environment, "outcome": "refused"}
    SignInAttempt.objects.create(email="eve@acme.example", end_user=ada, provider_name="Okta Dev", **attempt)
    turn_names()
    by = Actor.administrator(Administrator.objects.get(pk=owner.pk))
    ada, support = EndUser.objects.get(pk=ada.pk), EndUserGroup.objects.get(pk=support.pk)
    change_members(group=support, remove=[ada.pk], by=by)
    change_members(group=support, add=[ada.pk], by=by)
    update_profile(end_user=ada, profile=Profile(ada.full_name, "ada@elsewhere.example", by.source), by=by)
    deactivate_end_user(end_user=EndUser.objects.get(email="bo@example.com"), by=by)
    return Environment.objects.get(pk=environment.pk)


def turn_names() -> None:
    for model, field in NAMES.items():
        for row in model._base_manager.exclude(**{field: ""}):
            model._base_manager.filter(pk=row.pk).update(**{field: f"{getattr(row, field)}{TURN}live"})


@pytest.fixture
def owner(environment) -> Client:
    return factories.sign_in(Client(), Administrator.objects.get(role="owner"))


def check(response) -> str:
    page = Page(html := response.content.decode())
    assert page.bare == [], response.request["PATH_INFO"]
    # What stands isolated is one name, not a sentence with it.
    for text in page.isolated:
        assert is_name(text), text
    return html


def test_no_name_on_any_page_stands_outside_an_isolation(environment, owner):
    waiting, seen = [reverse("workspace:workspace", args=["acme"]), f"/sign-in/acme/{environment.slug}/"], set()
    while waiting:
        if (path := waiting.pop()) in seen or path.startswith("/static/"):
            continue
        seen.add(path)
        response = owner.get(path, follow=True)
        if response.headers["Content-Type"].startswith("text/html"):
            links = re.findall(r'(?:href|action|formaction)="(/[^"#]*)', check(response))
            waiting += [unescape(link) for link in links if "sign-out" not in link]
    assert len(seen) > 60


def test_messages_and_questions_isolate_the_name_alone(environment, owner):
    ada, support = EndUser.objects.get(email__startswith="ada@"), environment.groups.get(name__startswith="Support")
    for route, thing, data in [
        ("end-user-edit", {"end_user": ada.pk}, {"full_name": "Ada", "email": f"ada{TURN}live"}),
        ("end-user-deactivate", {"end_user": ada.pk}, {}),
        ("end-user-reactivate", {"end_user": ada.pk}, {}),
        ("group-members-add", {"group": support.pk}, {"addresses": f"nobody{TURN}live"}),
        ("group-create", {}, {"name": support.name}),
        ("group-delete", {"group": support.pk}, {}),
    ]:
        url = reverse(f"workspace:{route}", kwargs={"workspace": "acme", "environment": "dev", **thing})
        assert "<bdi>" in check(owner.post(url, data, follow=True))
