"""What an administrator can do about an error that a SCIM request was answered with."""

import json

_LOST = "Nothing is lost: correct the cause, then let the provider send it again."
# By status and scimType, else by status.
_REMEDIES = {
    "401": "The provider sent no live SCIM token of this connection. Copy a token and the Base URL from the same page, "
    "End user and group provisioning, into the provider, and test the connection there.",
    "403": "SCIM is switched off for this provider. Save the provisioning method SCIM, then let it try again.",
    "404": "The provider asked for something that is not here: it was deleted, or it belongs to another Base URL. "
    "Most providers then create it anew; otherwise unassign and assign it again there.",
    "405": "The provider used a method that this address does not have. Check that the Base URL was pasted whole.",
    "409": f"A person or group here already has this name, address or id. Rename one of the two. {_LOST}",
    "412": "Something else changed it in between. The provider reads it again and repeats the change by itself.",
    "413": "The request is too large. Let the provider send fewer members or operations at once.",
    "415": "The body is no JSON. Choose SCIM 2.0 with JSON at the provider.",
    "429": "The provider sent too much at once. It waits and goes on by itself.",
    "501": "This server does not offer what was asked. Most providers go on without it.",
    "503": "The database was busy. The provider repeats the request by itself.",
    "400": f"The request could not be understood. Its response says why. {_LOST}",
    "400 invalidFilter": "The provider looked somebody up in a way that is not understood here. "
    "Let it match people by userName, externalId or email.",
    "400 invalidPath": "The provider changed an attribute that does not exist here. "
    "Remove it from the attribute mapping there.",
    "400 invalidSyntax": "The body is not what SCIM 2.0 asks for. Choose SCIM 2.0, not 1.1, at the provider.",
    "400 invalidValue": "A value is missing or not accepted; the response names it. "
    f"Correct the attribute mapping at the provider. {_LOST}",
    "400 mutability": "The provider tried to change what only this server sets. "
    "Remove it from the attribute mapping there.",
    "400 noTarget": "The provider changed a value that is not here. Let it send the person or group as a whole once.",
    "400 tooMany": "The look-up finds too many. Let the provider ask more precisely, or in pages.",
}
_UNEXPECTED = (
    "Something went wrong on this server. The provider tries again; if this stays, give the operator the request id."
)


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
