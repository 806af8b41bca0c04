"""What an administrator can do about an error that a SCIM request was answered with."""

import json
import re

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

_LOST = _("Nothing is lost: correct the cause, then let the provider send it again.")
# What to do, by status and scimType, else by status. What went wrong says the answer itself.
_REMEDIES = {
    "401": _(
        "Copy a token and the Base URL from the same page, End user and group provisioning, into the provider, and "
        "test the connection there."
    ),
    "403": _("Save the provisioning method SCIM, then let the provider try again."),
    "404": _(
        "It was deleted, or it belongs to another Base URL. Most providers then create it anew; otherwise unassign and "
        "assign it again there."
    ),
    "405": _("Check that the Base URL was pasted whole."),
    "409": format_lazy("{} {}", _("Rename one of the two."), _LOST),
    "412": _("The provider reads it again and repeats the change by itself."),
    "413": _("Let the provider send fewer members or operations at once."),
    "415": _("Choose SCIM 2.0 with JSON at the provider."),
    "429": _("The provider waits and goes on by itself."),
    "501": _("Most providers go on without it."),
    "503": _("The provider repeats the request by itself."),
    "400": format_lazy("{} {}", _("The response says why it was not understood."), _LOST),
    "400 invalidFilter": _("Let the provider match people by userName, externalId or email."),
    "400 invalidPath": _("Remove the attribute from the attribute mapping at the provider."),
    "400 invalidSyntax": _("Choose SCIM 2.0, not 1.1, at the provider."),
    "400 invalidValue": format_lazy("{} {}", _("Correct the attribute mapping at the provider."), _LOST),
    "400 mutability": _("Remove the attribute from the attribute mapping at the provider."),
    "400 noTarget": _("Let the provider send the person or group as a whole once."),
    "400 tooMany": _("Let the provider ask more precisely, or in pages."),
}
# What went wrong, where the answer tells the provider something else.
_CAUSES = {
    401: _("The provider sent no live SCIM token of this connection."),
    412: _("Something else changed it in between."),
    429: _("The provider sent too much at once."),
}
_UNEXPECTED = _("The provider tries again. If this stays, give the operator the request id.")
_SENTENCE = re.compile(r".+?[.!?](?=\s|$)", re.DOTALL)


def explained(status: int, error: str, response_body: str) -> str:
    """Return what went wrong, then what to do; empty for an answer that is no error.

    The error's own advice is for programs, so only its first sentence is shown.
    """
    if status < 400:
        return ""
    first = _SENTENCE.match(error)
    cause = _CAUSES.get(status) or (first[0] if first else error)
    return f"{cause} {remedy(status, response_body)}".strip()


def remedy(status: int, response_body: str) -> str:
    """Return what to do about an answer, as a sentence; empty for one that is no error."""
    if status < 400:
        return ""
    return str(_REMEDIES.get(f"{status} {_scim_type(response_body)}") or _REMEDIES.get(str(status), _UNEXPECTED))


def _scim_type(response_body: str) -> str:
    try:
        answer = json.loads(response_body)
    except ValueError:
        return ""
    return str(answer.get("scimType", "")) if isinstance(answer, dict) else ""
