"""The shape of a set-up guide; our own labels in its texts are those on the screen."""

from dataclasses import dataclass

NAME_ATTRIBUTE = "workspace_end_user_name"
GROUPS_ATTRIBUTE = "workspace_end_user_groups"


@dataclass(frozen=True, slots=True)
class AttributeStatement:
    """One SAML attribute to send: its name, and what the vendor's screen offers as its value."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class ScimGuide:
    """Where our Base URL and SCIM token go at a vendor that pushes SCIM, in that vendor's field names."""

    base_url_field: str
    token_field: str
    steps: tuple[str, ...]
    pushes_groups: bool = True


@dataclass(frozen=True, slots=True)
class Guide:
    """How one vendor is set up; without scim, scim_note says what to use instead."""

    key: str
    label: str
    acs_url_field: str
    entity_id_field: str
    metadata: str
    steps: tuple[str, ...]
    name_id: str
    attributes: tuple[AttributeStatement, ...]
    scim: ScimGuide | None = None
    scim_note: str = ""
