"""Changes of console accounts and their roles."""

from workspace.db.keys import canonical
from workspace.db.transactions import atomic
from workspace.events import Actor, record
from workspace.models import Administrator, User, Workspace


@atomic
def add_administrator(
    *, workspace: Workspace, email: str, role: Administrator.Role, password: str | None = None, by: Actor
) -> Administrator:
    """Give an account a role in a workspace; the account is made if there is none, with this password."""
    user = User.objects.filter(email_key=canonical(email)).first()
    user = user or User.objects.create_user(email=email, password=password)
    administrator = Administrator.objects.create(user=user, workspace=workspace, role=role)
    record(
        by=by,
        action="administrator.added",
        subject=administrator,
        workspace=workspace,
        sentence=f"{by.name} made {user} {administrator.get_role_display()} of {workspace}.",
        after={"email": user.email, "role": str(role)},
    )
    return administrator
