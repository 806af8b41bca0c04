"""Changes of console accounts and their roles."""

from workspace.action_names import Action
from workspace.db.keys import canonical
from workspace.db.transactions import atomic
from workspace.events import Actor, Sentence, record
from workspace.models import Administrator, User, Workspace


@atomic
def add_administrator(
    *, workspace: Workspace, email: str, role: Administrator.Role, password: str | None = None, by: Actor
) -> Administrator:
    """Give an account a role in a workspace. An account that does not exist is made, with this password."""
    user = User.objects.filter(email_key=canonical(email)).first()
    user = user or User.objects.create_user(email=email, password=password)
    administrator = Administrator.objects.create(user=user, workspace=workspace, role=role)
    record(
        by=by,
        action=Action.ADMINISTRATOR_ADDED,
        subject=administrator,
        workspace=workspace,
        sentence=Sentence(
            "{by} made {user} {role} of {workspace}.",
            by=by,
            user=user,
            role=administrator.get_role_display(),
            workspace=workspace,
        ),
        concerns=[user],
        after={"email": user.email, "role": str(role)},
    )
    return administrator
