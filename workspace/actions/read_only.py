"""What people cannot change here: an IdP manages it, or it is computed."""

from django.utils.translation import gettext as _

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
    return _("%(source_name)s manages the name and email address of this person. Change them there.") % {
        "source_name": isolated(access.source_name)
    }


def group_read_only_reason(group: EndUserGroup) -> str:
    """Return why people cannot change the group, as a sentence; empty if they can."""
    if group.is_everyone:
        return _("%(everyone)s holds everybody with access to %(environment)s; it follows by itself.") % {
            "everyone": EVERYONE,
            "environment": group.environment,
        }
    if group.is_managed:
        return _("%(source_name)s manages this group. Change its members there.") % {
            "source_name": isolated(group.source_name)
        }
    return ""


def refuse_read_only(group: EndUserGroup, by: Actor) -> None:
    """Refuse a change of Everyone by anybody, and of an IdP's group by people. Raises ActionError."""
    if (group.is_everyone or is_by_hand(by)) and (reason := group_read_only_reason(group)):
        raise ActionError("read_only", reason)
