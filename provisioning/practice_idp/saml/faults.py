"""The ways in which a response can be wrong on purpose.

Some faults change the pysaml2 response before it is signed, others the signed XML.
"""

import copy
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from lxml import etree
from saml2 import saml, samlp
from saml2.xmldsig import NAMESPACE as DS

from provisioning.practice_idp.saml.configuration import LIFETIME_MINUTES

OTHER_KEY, UNSIGNED, REPLAY = "other-key", "unsigned", "replay"
LABELS = {
    OTHER_KEY: "Signed with another key",
    "audience": "For another audience",
    "recipient": "For another recipient",
    "expired": "Expired ten minutes ago",
    UNSIGNED: "Not signed",
    "altered": "Altered after signing: another person’s address",
    "wrapped": "A second assertion next to the signed one (signature wrapping)",
    REPLAY: "The last response again (replay)",
    "request": "In response to another request (wrong InResponseTo)",
    "no-groups": "With an empty group attribute, which removes the person from all groups",
}
_ANOTHER = "https://somewhere-else.example"


def timestamp(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def _audience(response: samlp.Response) -> None:
    response.assertion.conditions.audience_restriction[0].audience[0].text = f"{_ANOTHER}/metadata"


def _recipient(response: samlp.Response) -> None:
    _confirmation(response).recipient = f"{_ANOTHER}/acs"


def _expired(response: samlp.Response) -> None:
    now = datetime.now(UTC)
    issued = timestamp(now - timedelta(minutes=10 + LIFETIME_MINUTES))
    ended = timestamp(now - timedelta(minutes=10))
    response.issue_instant = response.assertion.issue_instant = issued
    response.assertion.conditions.not_before = response.assertion.authn_statement[0].authn_instant = issued
    response.assertion.conditions.not_on_or_after = _confirmation(response).not_on_or_after = ended


def _other_request(response: samlp.Response) -> None:
    response.in_response_to = _confirmation(response).in_response_to = "id-another-request"


def _no_groups(response: samlp.Response) -> None:
    """Replace the group attribute by one without values."""
    name = "workspace_end_user_groups"
    statement = (response.assertion.attribute_statement or [saml.AttributeStatement()])[0]
    statement.attribute = [each for each in statement.attribute if each.name != name] + [saml.Attribute(name=name)]
    response.assertion.attribute_statement = [statement]


def _altered(root: etree._Element) -> None:
    next(root.iter(f"{{{saml.NAMESPACE}}}NameID")).text = "mallory@somewhere-else.example"


def _wrapped(root: etree._Element) -> None:
    signed = root.find(f"{{{saml.NAMESPACE}}}Assertion")
    forged = copy.deepcopy(signed)
    forged.remove(forged.find(f"{{{DS}}}Signature"))
    forged.set("ID", "id-forged")
    _altered(forged)
    signed.addprevious(forged)


def _confirmation(response: samlp.Response) -> saml.SubjectConfirmationData:
    return response.assertion.subject.subject_confirmation[0].subject_confirmation_data


BEFORE_SIGNING: dict[str, Callable[[samlp.Response], None]] = {
    "audience": _audience,
    "recipient": _recipient,
    "expired": _expired,
    "request": _other_request,
    "no-groups": _no_groups,
}
AFTER_SIGNING: dict[str, Callable[[etree._Element], None]] = {"altered": _altered, "wrapped": _wrapped}
