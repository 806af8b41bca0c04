"""Access control in tests: its pages with who may open them, and invitations whose links are known."""

import re
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from django.utils import timezone

from workspace.actions.invitations import invite_administrator
from workspace.events import Actor
from workspace.models import Administrator, AdministratorInvitation, Workspace
from workspace.tokens import digest_of, new_token

EVERYBODY, MANAGERS, OWNERS = {"viewer", "admin", "owner"}, {"admin", "owner"}, {"owner"}
# Route → (its path below the environment, who may open it). `{role}` is an administrator of that role, `{invited}` an
# invitation to the role Viewer, `{to_own}` one to the role Owner.
ACCESS_PAGES = {
    "access-control": [("access-control/", EVERYBODY)],
    "access-control-rename": [("access-control/rename/", MANAGERS)],
    "access-control-remove": [("access-control/remove/", OWNERS)],
    "access-control-leave": [("access-control/leave/", EVERYBODY)],
    "access-control-second-factor": [("access-control/second-factor/", OWNERS)],
    "administrator-invite": [("access-control/invitations/new/", MANAGERS)],
    "administrator-role": [("access-control/{viewer}/role/", MANAGERS), ("access-control/{owner}/role/", OWNERS)],
    "administrator-remove": [("access-control/{viewer}/remove/", MANAGERS), ("access-control/{owner}/remove/", OWNERS)],
    "administrator-invitation-resend": [
        ("access-control/invitations/{invited}/resend/", MANAGERS),
        ("access-control/invitations/{to_own}/resend/", OWNERS),
    ],
    "administrator-invitation-withdraw": [
        ("access-control/invitations/{invited}/withdraw/", MANAGERS),
        ("access-control/invitations/{to_own}/withdraw/", OWNERS),
    ],
}

# Likewise. `{token}` is an API token.
TOKEN_PAGES = {
    "api-tokens": ("api-tokens/", EVERYBODY),
    "api-token-create": ("api-tokens/new/", MANAGERS),
    "api-token-rotate": ("api-tokens/{token}/rotate/", MANAGERS),
    "api-token-revoke": ("api-tokens/{token}/revoke/", MANAGERS),
}
# Likewise. `{digest}` is a file of the environment.
LOGIN_EXPERIENCE_PAGES = {
    "login-experience": ("login-experience/", EVERYBODY),
    "login-experience-reset": ("login-experience/reset/", MANAGERS),
    "login-experience-file": ("login-experience/files/{digest}/", EVERYBODY),
    "login-experience-style": ("login-experience/preview/saved/style.css", EVERYBODY),
}

# Likewise. `{other}` is an environment that nothing uses.
ENVIRONMENT_PAGES = {
    "environments": ("environments/", EVERYBODY),
    "environment-add": ("environments/new/", MANAGERS),
    "environment-edit": ("environments/{other}/edit/", MANAGERS),
    "environment-move": ("environments/{other}/move/", MANAGERS),
    "environment-remove": ("environments/{other}/remove/", MANAGERS),
}

LINK = re.compile(r"http://testserver(/invitations/\?token=\S+)")


def invited(
    workspace: Workspace, by: Actor, email: str = "new@acme.example", role: str = "viewer", now: datetime | None = None
) -> tuple[AdministratorInvitation, str]:
    """An invitation and the token of its link, without a mail."""
    invitation = invite_administrator(
        workspace=workspace, email=email, role=Administrator.Role(role), by=by, now=now or timezone.now()
    )
    token = new_token()
    AdministratorInvitation.objects.filter(pk=invitation.pk).update(digest=digest_of(token))
    invitation.refresh_from_db()
    return invitation, token


def link_in(mail) -> str:
    """The path of the link in a mail."""
    return LINK.search(mail.body)[1]


def token_in(mail) -> str:
    return parse_qs(urlsplit(link_in(mail)).query)["token"][0]
