"""What an IdP reports instead of doing what it was asked for: the status codes of the standard (SAML core, 3.2.2.2)."""

import re
from collections.abc import Iterator

from saml2 import SamlBase, samlp

from authentication.saml.errors import SamlReason, SamlRefused

_CODE = re.compile(r"urn:oasis:names:tc:SAML:2.0:status:([A-Za-z]{1,40})")
_MEANINGS = {
    "Requester": "it finds a fault in our request. Compare the SP entity ID and the Single sign-on URL there.",
    "Responder": "it could not do it, for a reason of its own.",
    "VersionMismatch": "it does not speak SAML 2.0 here.",
    "AuthnFailed": "it could not authenticate the person.",
    "InvalidAttrNameOrValue": "it does not accept an attribute of the request.",
    "InvalidNameIDPolicy": "it cannot name the person in the NameID format that is set up there.",
    "NoAuthnContext": "it cannot authenticate the person in the way that is required there.",
    "NoAvailableIDP": "the identity provider behind it could not be reached.",
    "NoPassive": "it would have to ask the person to sign in, and was not allowed to.",
    "NoSupportedIDP": "it knows none of the identity providers behind it.",
    "PartialLogout": "it could not sign the person out everywhere.",
    "ProxyCountExceeded": "it may not pass the request on to another identity provider.",
    "RequestDenied": "it does not allow this sign-in. Is the person assigned to the application there?",
    "RequestUnsupported": "it does not support this kind of request.",
    "RequestVersionDeprecated": "it does not accept this version of SAML.",
    "RequestVersionTooHigh": "it accepts only older versions of SAML.",
    "RequestVersionTooLow": "it accepts only newer versions of SAML.",
    "ResourceNotRecognized": "it does not know what was asked for.",
    "TooManyResponses": "it would have to answer too much at once.",
    "UnknownAttrProfile": "it does not know the attribute profile of the request.",
    "UnknownPrincipal": "it does not know the person.",
    "UnsupportedBinding": "it cannot answer by HTTP-POST.",
}


def refuse_failure(response: SamlBase, reason: SamlReason) -> None:
    """Raise SamlRefused for that reason if an IdP reports a failure, with its status codes in plain words."""
    codes = list(_codes(response.status.status_code))
    if codes[0] == samlp.STATUS_SUCCESS:
        return
    matches = [_CODE.fullmatch(code) for code in codes]
    words = [match[1] if match and match[1] in _MEANINGS else "other" for match in matches]
    # An inner code is more precise than the one around it.
    meaning = next((_MEANINGS[word] for word in reversed(words) if word in _MEANINGS), "it gives no known reason.")
    raise SamlRefused(reason, " ".join(words), [f"The IdP answered {', '.join(words)}: {meaning}"])


def _codes(code: SamlBase | None) -> Iterator[str]:
    while code is not None:
        yield code.value or ""
        code = code.status_code
