"""What an administrator can do about an error that a SCIM request was answered with."""

import json
import re

_LOST = "Nothing is lost: correct the cause, then let the provider send it again."
_SETTINGS = "End user and group provisioning"
# What to do, by status and scimType, else by status. What went wrong says the answer itself.
_REMEDIES = {
    "401": f"Copy a token and the Base URL from the same page, {_SETTINGS}, into the provider, and test the connection "
    "there.",
    "403": "Save the provisioning method SCIM, then let the provider try again.",
    "404": "It was deleted, or it belongs to another Base URL. Most providers then create it anew; otherwise unassign "
    "and assign it again there.",
    "405": "Check that the Base URL was pasted whole.",
    "409": f"Rename one of the two. {_LOST}",
    "412": "The provider reads it again and repeats the change by itself.",
    "413": "Let the provider send fewer members or operations at once.",
    "415": "Choose SCIM 2.0 with JSON at the provider.",
    "429": "The provider waits and goes on by itself.",
    "501": "Most providers go on without it.",
    "503": "The provider repeats the request by itself.",
    "400": f"The response says why it was not understood. {_LOST}",
    "400 invalidFilter": "Let the provider match people by userName, externalId or email.",
    "400 invalidPath": "Remove the attribute from the attribute mapping at the provider.",
    "400 invalidSyntax": "Choose SCIM 2.0, not 1.1, at the provider.",
    "400 invalidValue": f"Correct the attribute mapping at the provider. {_LOST}",
    "400 mutability": "Remove the attribute from the attribute mapping at the provider.",
    "400 noTarget": "Let the provider send the person or group as a whole once.",
    "400 tooMany": "Let the provider ask more precisely, or in pages.",
}
# What went wrong, where the answer tells the provider something else.
_CAUSES = {
    401: "The provider sent no live SCIM token of this connection.",
    412: "Something else changed it in between.",
    429: "The provider sent too much at once.",
}
_UNEXPECTED = "The provider tries again. If this stays, give the operator the request id."
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
    return _REMEDIES.get(f"{status} {_scim_type(response_body)}") or _REMEDIES.get(str(status), _UNEXPECTED)


def _scim_type(response_body: str) -> str:
    try:
        answer = json.loads(response_body)
    except ValueError:
        return ""
    return str(answer.get("scimType", "")) if isinstance(answer, dict) else ""
