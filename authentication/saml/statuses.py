"""What an IdP reports instead of doing what it was asked for: the status codes of the standard (SAML core, 3.2.2.2)."""

import re
from collections.abc import Iterator

from saml2 import SamlBase, samlp

from authentication.saml.errors import SamlReason, SamlRefused
from authentication.saml.texts import Text
from authentication.saml.texts import Text as _

ANSWERED = _("The IdP answered %(codes)s: %(meaning)s")
_CODE = re.compile(r"urn:oasis:names:tc:SAML:2.0:status:([A-Za-z]{1,40})")
_MEANINGS = {
    "Requester": _("it finds a fault in our request. Compare the SP entity ID and the Single sign-on URL there."),
    "Responder": _("it could not do it, for a reason of its own."),
    "VersionMismatch": _("it does not speak SAML 2.0 here."),
    "AuthnFailed": _("it could not authenticate the person."),
    "InvalidAttrNameOrValue": _("it does not accept an attribute of the request."),
    "InvalidNameIDPolicy": _("it cannot name the person in the NameID format that is set up there."),
    "NoAuthnContext": _("it cannot authenticate the person in the way that is required there."),
    "NoAvailableIDP": _("the identity provider behind it could not be reached."),
    "NoPassive": _("it would have to ask the person to sign in, and was not allowed to."),
    "NoSupportedIDP": _("it knows none of the identity providers behind it."),
    "PartialLogout": _("it could not sign the person out everywhere."),
    "ProxyCountExceeded": _("it may not pass the request on to another identity provider."),
    "RequestDenied": _("it does not allow this sign-in. Is the person assigned to the application there?"),
    "RequestUnsupported": _("it does not support this kind of request."),
    "RequestVersionDeprecated": _("it does not accept this version of SAML."),
    "RequestVersionTooHigh": _("it accepts only older versions of SAML."),
    "RequestVersionTooLow": _("it accepts only newer versions of SAML."),
    "ResourceNotRecognized": _("it does not know what was asked for."),
    "TooManyResponses": _("it would have to answer too much at once."),
    "UnknownAttrProfile": _("it does not know the attribute profile of the request."),
    "UnknownPrincipal": _("it does not know the person."),
    "UnsupportedBinding": _("it cannot answer by HTTP-POST."),
}


def refuse_failure(response: SamlBase, reason: SamlReason) -> None:
    """Raise SamlRefused for that reason if an IdP reports a failure, with its status codes in plain words."""
    codes = list(_codes(response.status.status_code))
    if codes[0] == samlp.STATUS_SUCCESS:
        return
    matches = [_CODE.fullmatch(code) for code in codes]
    words = [match[1] if match and match[1] in _MEANINGS else "other" for match in matches]
    # An inner code is more precise than the one around it.
    meaning = next((_MEANINGS[word] for word in reversed(words) if word in _MEANINGS), _("it gives no known reason."))
    raise SamlRefused(reason, " ".join(words), [Text(ANSWERED, codes=", ".join(words), meaning=meaning)])


def _codes(code: SamlBase | None) -> Iterator[str]:
    while code is not None:
        yield code.value or ""
        code = code.status_code
