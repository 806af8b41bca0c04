"""What people cannot change here: an IdP manages it, or it is computed."""

from workspace.events import Actor, is_by_hand
from workspace.isolation import isolated
from workspace.models import EndUser, EndUserGroup, SourceKind
from workspace.refusals import ActionError

EVERYONE = "Everyone"


def profile_read_only_reason(end_user: EndUser) -> str:
    """Return why people cannot change name and address here, as a sentence; empty if they can."""
    access = end_user.accesses.filter(source_kind=SourceKind.SCIM).first()
    if access is None:
        return ""
    return f"{isolated(access.source_name)} manages the name and email address of this person. Change them there."


def group_read_only_reason(group: EndUserGroup) -> str:
    """Return why people cannot change the group, as a sentence; empty if they can."""
    if group.is_everyone:
        return f"{EVERYONE} holds everybody with access to {group.environment}; it follows by itself."
    if group.is_managed:
        return f"{isolated(group.source_name)} manages this group. Change its members there."
    return ""


def refuse_read_only(group: EndUserGroup, by: Actor) -> None:
    """Refuse a change of Everyone by anybody, and of an IdP's group by people. Raises ActionError."""
    if (group.is_everyone or is_by_hand(by)) and (reason := group_read_only_reason(group)):
        raise ActionError("read_only", reason)
