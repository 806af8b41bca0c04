"""The first workspace of an installation, with its owner and the first operator."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.utils.text import slugify

from workspace import key_ring
from workspace.actions.account_mail import password_link
from workspace.actions.account_passwords import new_link
from workspace.actions.administrators import add_administrator
from workspace.actions.api_tokens import issue_api_token
from workspace.actions.operators import change_account, create_account
from workspace.actions.workspaces import MAX_WORKSPACE_NAME, create_workspace
from workspace.db.keys import canonical
from workspace.db.transactions import atomic
from workspace.events import Actor
from workspace.models import Administrator, Environment, User, Workspace
from workspace.names import clean_name
from workspace.profile import clean_email
from workspace.refusals import ActionError, ConflictError
from workspace.scopes import ALL

LINKS_LAST = timedelta(days=1)
TOKEN_LASTS = timedelta(days=30)
NOT_EMPTY = "There is a workspace already. Operators add others under /operator/."
WRONG_SLUG = "Give a short name of letters, digits and hyphens with --slug: it stands in addresses."


@dataclass
class Bootstrapped:
    """What was made. `links` are those that set the first password, by address."""

    workspace: Workspace
    links: dict[str, str] = field(default_factory=dict)
    api_token: str = ""


@atomic
def bootstrap(
    *,
    name: str,
    slug: str,
    owner: str,
    operator: str,
    kinds: tuple[Environment.Kind, ...],
    has_api_token: bool,
    by: Actor,
    now: datetime,
) -> Bootstrapped:
    """Make the first workspace of an installation, its owner and an operator. Both may be one account."""
    # Locks the key ring, so of two at once the second one finds the workspace.
    key_ring.join()
    if Workspace.objects.exists():
        raise ConflictError("not_empty", NOT_EMPTY)
    workspace = create_workspace(name=_name(name), slug=_slug(slug or slugify(name)), kinds=kinds, by=by)
    made, accounts = Bootstrapped(workspace), [_operator(clean_email(operator), by)]
    role = Administrator.Role.OWNER
    accounts.append(add_administrator(workspace=workspace, email=clean_email(owner), role=role, by=by).user)
    for account in accounts:
        if account.email not in made.links and not account.has_usable_password():
            made.links[account.email] = password_link(new_link(account, now, LINKS_LAST))
    if has_api_token:
        _, made.api_token = issue_api_token(
            workspace=workspace,
            name="bootstrap",
            scopes=ALL,
            environments=None,
            expires_at=now + TOKEN_LASTS,
            by=by,
            now=now,
        )
    return made


def _name(text: str) -> str:
    return clean_name(text, what="name", missing="Give a name for the workspace.", most=MAX_WORKSPACE_NAME)


def _slug(text: str) -> str:
    try:
        Workspace(slug=text).clean_fields(exclude=["name"])
    except ValidationError:
        raise ActionError("wrong_slug", WRONG_SLUG) from None
    return text


def _operator(email: str, by: Actor) -> User:
    user = User.objects.filter(email_key=canonical(email)).first()
    if user is None:
        user = User(email=email, is_staff=True, is_superuser=True)
        user.set_password(None)
        create_account(user=user, by=by)
    else:
        user.is_staff = True
        change_account(user=user, by=by)
    return user
