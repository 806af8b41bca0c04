"""The permissions of each role. They are code: changing them is a commit."""

from django.core.exceptions import PermissionDenied
from django.db.models import TextChoices
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from workspace.models import Administrator

Role = Administrator.Role


class Permission(TextChoices):
    """A kind of thing that an administrator may do, as it is said after "may"."""

    READ = "read", _("read")
    MANAGE_PEOPLE = "manage_people", _("manage end users and groups")
    MANAGE_SIGN_IN = "manage_sign_in", _("manage sign-in and identity providers")
    MANAGE_PROVISIONING = "manage_provisioning", _("manage provisioning")
    SEE_SECRETS = "see_secrets", _("see secrets")
    MANAGE_ADMINISTRATORS = "manage_administrators", _("manage administrators")
    MANAGE_API_TOKENS = "manage_api_tokens", _("manage API tokens")
    MANAGE_ENVIRONMENTS = "manage_environments", _("manage environments")
    MANAGE_OWNERS = "manage_owners", _("manage owners")
    RENAME_WORKSPACE = "rename_workspace", _("rename the workspace")
    REMOVE_WORKSPACE = "remove_workspace", _("remove the workspace")


_OF_ROLE: dict[str, frozenset[Permission]] = {
    Role.OWNER: frozenset(Permission),
    Role.ADMIN: frozenset(Permission) - {Permission.MANAGE_OWNERS, Permission.REMOVE_WORKSPACE},
    Role.VIEWER: frozenset({Permission.READ}),
}


def may(administrator: Administrator, permission: Permission) -> bool:
    """Say whether the administrator's role has the permission."""
    return permission in _OF_ROLE[administrator.role]


def to_give(role: str) -> Permission:
    """Return the permission to give or take a role."""
    return Permission.MANAGE_OWNERS if role == Role.OWNER else Permission.MANAGE_ADMINISTRATORS


def require(administrator: Administrator, permission: Permission) -> None:
    """Raise PermissionDenied (403) if the administrator's role has not the permission."""
    if not may(administrator, permission):
        role, workspace = administrator.get_role_display(), administrator.workspace
        raise PermissionDenied(
            gettext("Your role %(role)s may not %(permission)s. Ask an owner of %(workspace)s.")
            % {"role": role, "permission": permission.label, "workspace": workspace}
        )
