"""What each role may do. Permissions are code: a change of them is a commit."""

from enum import StrEnum

from workspace.models import Administrator

Role = Administrator.Role


class Permission(StrEnum):
    """A kind of thing that an administrator may do."""

    READ = "read"
    MANAGE_PEOPLE = "manage end users and groups"
    MANAGE_SIGN_IN = "manage sign-in and identity providers"
    MANAGE_PROVISIONING = "manage provisioning"
    SEE_SECRETS = "see secrets"


_OF_ROLE: dict[str, frozenset[Permission]] = {
    Role.OWNER: frozenset(Permission),
    Role.ADMIN: frozenset(Permission),
    Role.VIEWER: frozenset({Permission.READ}),
}


def may(administrator: Administrator, permission: Permission) -> bool:
    """Whether the administrator's role has the permission."""
    return permission in _OF_ROLE[administrator.role]
