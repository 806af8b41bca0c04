"""Go to: pages, people, groups and providers by a few letters of their name."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from workspace.console.navigation import SIDEBAR, page_url
from workspace.console.permissions import Permission, may
from workspace.db.keys import name_key
from workspace.models import Environment
from workspace.words import Text

if TYPE_CHECKING:
    from workspace.console.decorators import ConsoleRequest

MOST = 8


@dataclass(frozen=True)
class Found:
    """One result: its name, its page, and a line that tells it from others of the same name."""

    name: str
    url: str
    hint: str = ""


@dataclass(frozen=True)
class Kind:
    """What was found of one kind."""

    label: str
    found: list[Found]


# Finds things of an environment by a part of their name, at most MOST.
Find = Callable[[Environment, str], Iterable[Found]]

# Pages that the sidebar does not name: (label, route, other words for it, who may open it).
_MORE_PAGES: list[tuple[Text, str, str, Permission]] = [
    (
        _("Authentication"),
        "authentication:environment",
        "SAML SSO identity provider IdP password sign-in",
        Permission.READ,
    ),
    (
        _("Set up new provider"),
        "authentication:provider-create",
        "SAML SSO identity provider IdP Okta Entra",
        Permission.MANAGE_SIGN_IN,
    ),
    (_("Get started"), "workspace:get-started", "first steps set-up onboarding", Permission.READ),
    (_("Provisioning requests"), "provisioning:requests", "SCIM log errors", Permission.READ),
    (_("Add end user"), "workspace:end-user-add", "new person people", Permission.MANAGE_PEOPLE),
    (_("Create end-user group"), "workspace:group-create", "new group", Permission.MANAGE_PEOPLE),
    (_("Invite administrator"), "workspace:administrator-invite", "colleague role", Permission.MANAGE_ADMINISTRATORS),
    (_("Rename the workspace"), "workspace:access-control-rename", "danger zone", Permission.RENAME_WORKSPACE),
]
# Other words for the sidebar's pages.
_WORDS = {
    "workspace:access-control": "administrators roles owners invitations danger zone",
    "workspace:end-users": "people persons users members",
    "workspace:groups": "SAML SSO SCIM identity provider IdP",
    "provisioning:activity": "SCIM changes",
    "authentication:attempts": "login errors failures SAML",
    "workspace:audit-log": "history changes events export",
}
_FINDERS: dict[Text, Find] = {}


def found_by_name(label: Text) -> Callable[[Find], Find]:
    """Register a function that finds things of a kind. The apps above register theirs as they load."""

    def register(find: Find) -> Find:
        _FINDERS[label] = find
        return find

    return register


def search(request: "ConsoleRequest", text: str) -> list[Kind]:
    """Return the kinds of which something was found, pages first."""
    text = text.strip()
    if not text:
        return []
    kinds = [Kind(str(_("Pages")), _pages(request, text))]
    kinds += [Kind(str(label), list(find(request.environment, text))) for label, find in _FINDERS.items()]
    return [kind for kind in kinds if kind.found]


def _pages(request: "ConsoleRequest", text: str) -> list[Found]:
    """Return the pages whose label, or other words, have every word of the text."""
    entries: list[tuple[Text, str, str, Permission]] = [
        (label, route, _WORDS.get(route, ""), Permission.READ) for _, group in SIDEBAR for label, route, _ in group
    ]
    wanted = name_key(text).split()
    return [
        Found(str(label), page_url(route, request.environment))
        for label, route, words, needs in entries + _MORE_PAGES
        if may(request.administrator, needs) and all(word in name_key(f"{label} {words}") for word in wanted)
    ]


@found_by_name(_("End users"))
def _people_by_name(environment: Environment, text: str) -> Iterable[Found]:
    for person in environment.workspace.end_users.matching(text)[:MOST]:
        url = page_url("workspace:end-user", environment, end_user=person.pk)
        yield Found(person.full_name, url, person.email or person.user_name)


@found_by_name(_("End-user groups"))
def _groups_by_name(environment: Environment, text: str) -> Iterable[Found]:
    for group in environment.groups.matching(text)[:MOST]:
        yield Found(group.name, page_url("workspace:group", environment, group=group.pk))
