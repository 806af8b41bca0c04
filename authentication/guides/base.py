"""The shape of a set-up guide. Its texts use our labels as the console shows them; pages translate them."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

NAME_ATTRIBUTE = "workspace_end_user_name"
GROUPS_ATTRIBUTE = "workspace_end_user_groups"


@dataclass(frozen=True, slots=True)
class AttributeStatement:
    """A SAML attribute to send: its name, and the value to choose on the vendor's screen."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class ScimGuide:
    """How to enter our Base URL and SCIM token at a vendor that pushes SCIM. Field names are the vendor's."""

    base_url_field: str
    token_field: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Screen:
    """Where our two values go at a vendor, as a picture shows it: the way there, the heading and the fields."""

    way: str
    heading: str
    acs_url_label: str
    entity_id_label: str
    is_entity_id_first: bool = False

    @property
    def fields(self) -> list[tuple[str, str]]:
        """Return the vendor's labels from above to below, each with our value for it."""
        fields = [
            (self.acs_url_label, gettext_noop("Single sign-on URL")),
            (self.entity_id_label, gettext_noop("SP entity ID")),
        ]
        return fields[::-1] if self.is_entity_id_first else fields


@dataclass(frozen=True, slots=True)
class Guide:
    """How to set up one vendor. Without `scim`, `scim_note` says what to use instead."""

    key: str
    label: str
    acs_url_field: str
    entity_id_field: str
    metadata: str
    steps: tuple[str, ...]
    name_id: str
    attributes: tuple[AttributeStatement, ...]
    screen: Screen
    # The vendor's own page about this.
    docs_url: str = ""
    # Where sign-ins that begin at the vendor are told which page they are for.
    relay_state_field: str = "RelayState"
    # Between the groups of a vendor that sends all of them in one value.
    groups_separator: str = ""
    scim: ScimGuide | None = None
    scim_note: str = ""

    @property
    def name(self) -> str:
        """Return the label in the language of the page: only that of no vendor is translated."""
        return _(self.label)

    @property
    def whose(self) -> str:
        """Return how a line about the vendor's fields begins."""
        return _("In %(vendor)s") % {"vendor": self.label} if self.is_vendor else _("At your identity provider")

    @property
    def is_vendor(self) -> bool:
        return self.key != "other"

    def field_name(self, name: str) -> str:
        """Return a name of one of the vendor's fields. What stands on the vendor's screen stays as it is."""
        shown = (self.screen.acs_url_label, self.screen.entity_id_label)
        return name if self.is_vendor and name in shown else _(name)

    @property
    def pictured(self) -> list[tuple[str, str]]:
        """Return the fields of the picture in the language of the page."""
        return [(self.field_name(label), _(ours)) for label, ours in self.screen.fields]
