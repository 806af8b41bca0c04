"""What an administrator should know of a sign-in, in sentences: Test sign-in and the attempt show the same ones.

They are in English, because attempts are stored. Pages translate them by `authentication.views.notes`.
"""

from collections.abc import Iterator

from django.utils.translation import gettext_noop as _

from authentication.actions.group_sync import GroupChanges
from authentication.actions.jit import Welcomed
from authentication.models import EnvironmentProvider
from authentication.saml.assertions import Claims
from authentication.saml.attributes import AssertedProfile
from authentication.saml.hints import unread_emails, unread_groups
from workspace.isolation import isolated
from workspace.models import EndUser

OVERAGE = _(
    "The IdP sent a link instead of the groups, because there are too many. No groups changed. "
    "Let it send only the groups that are assigned to the application."
)
UNREAD_EMAIL = _("“%(unread)s” was sent. If this is the email address, name it under Sign-in settings → Attributes.")
UNREAD_GROUPS = _(
    "No groups were read. “%(unread)s” was sent: if these are the groups, name it under Sign-in settings → Attributes."
)
NOT_FILLED = _("%(group)s was not filled: %(why)s")
NAMESAKE = _(
    "%(person)s is new here, so a new person was created. "
    "%(other)s may be the same person under another address. The page of either can merge the two."
)
_NAMESAKES = 3


def notes_on(
    environment_provider: EnvironmentProvider,
    claims: Claims,
    profile: AssertedProfile,
    welcomed: Welcomed,
    groups: GroupChanges,
) -> list[str]:
    """Return what stands beside a sign-in that succeeds."""
    return [
        *_on_groups(environment_provider, claims, profile, groups),
        *(_on_namesakes(welcomed.end_user) if welcomed.is_new else ()),
    ]


def note_on_no_email(environment_provider: EnvironmentProvider, claims: Claims) -> list[str]:
    """Return where an address was sent that is not read."""
    unread = unread_emails(claims, environment_provider.identity_provider.attribute_names)
    return [UNREAD_EMAIL % {"unread": isolated(unread)}] if unread else []


def _on_groups(
    environment_provider: EnvironmentProvider, claims: Claims, profile: AssertedProfile, groups: GroupChanges
) -> Iterator[str]:
    if not environment_provider.follows_groups:
        return
    unread = unread_groups(claims, environment_provider.identity_provider.attribute_names)
    if profile.is_overage:
        yield OVERAGE
    elif not profile.groups and unread:
        yield UNREAD_GROUPS % {"unread": isolated(unread)}
    for name, why in groups.ignored:
        yield NOT_FILLED % {"group": isolated(name), "why": why}


def _on_namesakes(end_user: EndUser) -> Iterator[str]:
    """Say who may be the same person under an earlier address."""
    for other in end_user.workspace.end_users.namesakes_of(end_user).order_by("created_at")[:_NAMESAKES]:
        yield NAMESAKE % {"person": isolated(end_user.identifier), "other": other}
