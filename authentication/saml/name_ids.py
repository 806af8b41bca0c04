"""How an IdP names a person, with everything that a single logout has to say again."""

import json
from dataclasses import astuple, dataclass, replace

from saml2 import saml

from authentication.saml.xml import strip_blanks

_SAML1 = "urn:oasis:names:tc:SAML:1.1:nameid-format:"
# The formats that name a person for longer than one session.
FORMATS = (
    saml.NAMEID_FORMAT_UNSPECIFIED,
    saml.NAMEID_FORMAT_EMAILADDRESS,
    saml.NAMEID_FORMAT_PERSISTENT,
    f"{_SAML1}X509SubjectName",
    f"{_SAML1}WindowsDomainQualifiedName",
    "urn:oasis:names:tc:SAML:2.0:nameid-format:kerberos",
    saml.NAMEID_FORMAT_ENTITY,
)


@dataclass(frozen=True, slots=True)
class NameId:
    """A NameID as it arrived, without the white space around it. An attribute that was not sent is ""."""

    text: str
    format: str = ""
    name_qualifier: str = ""
    sp_name_qualifier: str = ""

    @classmethod
    def of(cls, element: saml.NameID) -> "NameId":
        """Return the NameID of a pysaml2 element."""
        return cls(
            strip_blanks(element.text),
            element.format or "",
            element.name_qualifier or "",
            element.sp_name_qualifier or "",
        )

    @classmethod
    def from_json(cls, text: str) -> "NameId":
        """Return the NameID that `to_json` wrote."""
        return cls(*json.loads(text))

    def to_json(self) -> str:
        """Return the NameID as text to store."""
        return json.dumps(astuple(self))

    def element(self) -> saml.NameID:
        """Return the NameID as a pysaml2 element, with the same attributes as it arrived with."""
        return saml.NameID(
            text=self.text,
            format=self.format or None,
            name_qualifier=self.name_qualifier or None,
            sp_name_qualifier=self.sp_name_qualifier or None,
        )

    def meanings(self) -> list["NameId"]:
        """Return the NameIDs that a logout request may mean: IdPs leave out the Format that they asserted."""
        is_open = self.format in ("", saml.NAMEID_FORMAT_UNSPECIFIED)
        return [replace(self, format=each) for each in FORMATS] if is_open else [self]

    def key(self, *, issuer: str, sp_entity_id: str) -> str:
        """Return a key that is equal for NameIDs of one meaning; an attribute that was not sent has its default."""
        name_format = self.format or saml.NAMEID_FORMAT_UNSPECIFIED
        qualifiers = (self.name_qualifier or issuer, self.sp_name_qualifier or sp_entity_id)
        return json.dumps([issuer, name_format, *qualifiers, self.text])
