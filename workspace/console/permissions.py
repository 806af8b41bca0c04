"""The permissions of each role. They are code: changing them is a commit."""

from enum import StrEnum

from django.core.exceptions import PermissionDenied

from workspace.models import Administrator

Role = Administrator.Role


class Permission(StrEnum):
    """A kind of thing that an administrator may do."""

    READ = "read"
    MANAGE_PEOPLE = "manage end users and groups"
    MANAGE_SIGN_IN = "manage sign-in and identity providers"
    MANAGE_PROVISIONING = "manage provisioning"
    SEE_SECRETS = "see secrets"
    MANAGE_ADMINISTRATORS = "manage administrators"
    MANAGE_API_TOKENS = "manage API tokens"
    MANAGE_ENVIRONMENTS = "manage environments"
    MANAGE_OWNERS = "manage owners"
    RENAME_WORKSPACE = "rename the workspace"
    REMOVE_WORKSPACE = "remove the workspace"


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
        raise PermissionDenied(f"Your role {role} may not {permission}. Ask an owner of {workspace}.")
