"""How an IdP names somebody, as it came and with all that a single logout has to say again."""

import json
from dataclasses import astuple, dataclass
from typing import Any

from saml2 import saml


@dataclass(frozen=True, slots=True)
class NameId:
    """A NameID; an attribute that was not sent is empty."""

    text: str
    format: str = ""
    name_qualifier: str = ""
    sp_name_qualifier: str = ""

    @classmethod
    def of(cls, element: Any) -> "NameId":
        """Return what pysaml2 has read."""
        return cls(
            element.text or "", element.format or "", element.name_qualifier or "", element.sp_name_qualifier or ""
        )

    @classmethod
    def from_json(cls, text: str) -> "NameId":
        """Return what `to_json` wrote."""
        return cls(*json.loads(text))

    def to_json(self) -> str:
        """Return it as text, to be kept."""
        return json.dumps(astuple(self))

    def element(self) -> saml.NameID:
        """Return it for a message, as it came."""
        return saml.NameID(
            text=self.text,
            format=self.format or None,
            name_qualifier=self.name_qualifier or None,
            sp_name_qualifier=self.sp_name_qualifier or None,
        )

    def key(self, *, issuer: str, sp_entity_id: str) -> str:
        """Return what is the same for two that mean the same to an IdP and us: what is left out has a meaning too."""
        name_format = self.format or saml.NAMEID_FORMAT_UNSPECIFIED
        qualifiers = (self.name_qualifier or issuer, self.sp_name_qualifier or sp_entity_id)
        return json.dumps([issuer, name_format, *qualifiers, self.text])
