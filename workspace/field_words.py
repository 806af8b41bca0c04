"""What events keep, in words: the names of fields, and the values of a field that has a fixed set of them."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.functional import lazy
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from workspace.branding.fonts import STACKS
from workspace.branding.look import COLOURS, FILES
from workspace.models import Administrator, EndUser, Environment
from workspace.scopes import ALL, in_words
from workspace.words import Text

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d\S*")
_LABELS: dict[str, Text] = {}
_VALUES: dict[str, dict[str, Text]] = {}
_TELL: dict[str, Callable[[str], str]] = {}


def name_fields(
    labels: Mapping[str, Text], values: Mapping[str, Mapping[Any, Text]], tell: Mapping[str, Callable[[str], str]]
) -> None:
    """Register what fields and their values are called. The apps above register theirs as they load.

    `tell` has functions of texts with a name in them, such as "Sales → DEV, access only".
    """
    _LABELS.update(labels)
    for field, words in values.items():
        _VALUES.setdefault(field, {}).update(words)
    _TELL.update(tell)


def label_of(field: str) -> str:
    """Return the name of a field for a page. One that is not known stays as it is."""
    return str(_LABELS.get(field, field))


def value_in_words(field: str, value: object) -> str:
    """Return one value of a field for a page. Names and ids stay as they are."""
    if isinstance(value, bool):
        return str(_("Yes") if value else _("No"))
    if word := _VALUES.get(field, {}).get(str(value)):
        return str(word)
    if value in (None, ""):
        return "–"
    return _moment(str(value)) if _TIME.fullmatch(str(value)) else name_in_words(field, str(value))


def name_in_words(field: str, name: str) -> str:
    """Return a name that a field holds for a page. It may be any word, so only what stands around names is told."""
    return _TELL.get(field, str)(name)


# Why somebody who was set aside cannot be restored.
WAS_DELETED, IS_DEACTIVATED = gettext_noop("was deleted"), gettext_noop("is deactivated")
HAS_NO_ACCESS = gettext_noop("has no access to %(environment)s any more")
_scope = lazy(lambda scope: in_words([scope])[0], str)


def _moment(text: str) -> str:
    try:
        return f"{date_format(datetime.fromisoformat(text), 'DATETIME_FORMAT')} UTC"
    except ValueError:
        return text


def _left_out(why: str) -> str:
    before, after = HAS_NO_ACCESS.split("%(environment)s")
    if not (why.startswith(before) and why.endswith(after)):
        return why
    return gettext(HAS_NO_ACCESS) % {"environment": why.removeprefix(before).removesuffix(after)}


def _day(text: str) -> str:
    try:
        return date_format(date.fromisoformat(text))
    except ValueError:
        return text


name_fields(
    {
        "access": _("Access"),
        "active": _("Active"),
        "added": _("Added"),
        "app_name": _("App name"),
        "bytes": _("Bytes"),
        "colour": _("Colour"),
        "created": _("Created"),
        "created_at": _("Created"),
        "deactivated": _("Deactivated"),
        "email": _("Email address"),
        "email_address": _("Email address"),
        "email_source": _("Source of the email address"),
        "end_user": _("End user"),
        "end_user_id": _("End user"),
        "ended": _("Ended"),
        "environment": _("Environment"),
        "environment_id": _("Environment"),
        "environments": _("Environments"),
        "expires_at": _("Expires"),
        "font": _("Font"),
        "footer": _("Login form footer"),
        "full_name": _("Full name"),
        "given": _("Given"),
        "group": _("Group"),
        "group_id": _("Group"),
        "groups": _("Groups"),
        "id": _("Id"),
        "invitations": _("Invitations"),
        "invited": _("Invited"),
        "is_active": _("Active"),
        "is_enabled": _("Turned on"),
        "is_staff": _("Operator"),
        "kind": _("Kind"),
        "left_out": _("Left out"),
        "members": _("Members"),
        "memberships": _("Memberships"),
        "merged": _("Merged person"),
        "name": _("Name"),
        "name_key": _("Name for comparisons"),
        "name_source": _("Source of the name"),
        "names": _("Names"),
        "old_token_ends_at": _("The old token ends"),
        "operator_rights": _("Operator rights"),
        "order": _("Order"),
        "profiles": _("Names and addresses"),
        "reason": _("Reason"),
        "redacted": _("Changes without the personal data"),
        "removed": _("Removed"),
        "removed_at": _("Removed"),
        "requires_second_factor": _("Second factor required"),
        "role": _("Role"),
        "rows": _("Stored"),
        "scopes": _("Scopes"),
        "second_factors": _("Second factors"),
        "sessions": _("Sessions"),
        "sha256": "SHA-256",
        "short_name": _("Short name"),
        "slug": _("Short name"),
        "source": _("Source"),
        "status": _("Status"),
        "taken_over": _("Change that took the group over"),
        "token": _("Token"),
        "type": _("Type"),
        "until": _("Last day"),
        "updated_at": _("Changed"),
        "user_name": "userName",
        "workspace_id": _("Workspace"),
        **{name: label for name, (label, _default) in COLOURS.items()},
        **FILES,
    },
    {
        "colour": dict(Environment.Colour.choices),
        "environments": {"all": _("All environments"), **dict(Environment.Kind.choices)},
        "expires_at": {"never": _("Never")},
        "font": {"uploaded": _("Uploaded font")} | {name: label for name, (label, _stack) in STACKS.items()},
        "invitations": dict(Administrator.Role.choices),
        "kind": dict(Environment.Kind.choices),
        "left_out": {WAS_DELETED: _("was deleted"), IS_DEACTIVATED: _("is deactivated")},
        "old_token_ends_at": {"never": _("Never")},
        "role": dict(Administrator.Role.choices),
        "scopes": {scope: _scope(scope) for scope in ALL},
        "status": dict(EndUser.Status.choices),
    },
    {"left_out": _left_out, "until": _day},
)
