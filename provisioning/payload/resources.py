"""Our User and Group as models of scim2-models. Docstrings of attributes are their descriptions in /Schemas."""

from typing import Annotated, Any

import scim2_models
from pydantic import Field
from scim2_models import URN, BaseModel, CaseExact, Mutability, Reference, Returned

from provisioning.payload.compat import make_enums_copyable

Document = dict[str, Any]
make_enums_copyable()


class Email(scim2_models.Email):
    """An address as IdPs have them, e.g. ada@corp.local."""

    value: str | None = None
    """Email addresses for the user."""


class Manager(scim2_models.Manager):
    """The manager by id alone: where that leads, and what it is called, the server says."""

    value: Annotated[str | None, CaseExact.true] = None
    """The id of the SCIM resource representing the User's manager."""

    ref: Annotated[Reference["User"] | None, Mutability.read_only] = Field(  # type: ignore[assignment]
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    """The URI of the SCIM resource representing the User's manager."""


class EnterpriseUser(scim2_models.EnterpriseUser):
    """Enterprise User"""

    manager: Manager | None = None
    """The User's manager."""


class GrantedEnvironment(scim2_models.ComplexAttribute):
    """An environment that a person may enter."""

    value: Annotated[str | None, Mutability.read_only, CaseExact.true] = None
    """The environment's short name in URLs, which is unique in the workspace."""

    display: Annotated[str | None, Mutability.read_only, CaseExact.true] = None
    """The environment's name."""


class GrantedGroup(scim2_models.ComplexAttribute):
    """An end-user group that a person is in."""

    value: Annotated[str | None, Mutability.read_only, CaseExact.true] = None
    """The id of the end-user group in the workspace. It is not the id of a SCIM Group."""

    display: Annotated[str | None, Mutability.read_only] = None
    """The end-user group's name."""

    environment: Annotated[str | None, Mutability.read_only, CaseExact.true] = None
    """The short name of the environment that the end-user group belongs to."""


class Access(scim2_models.Extension):
    """What this connection has granted the User. What others have granted is not shown."""

    __schema__ = URN("urn:workspace-admin:params:scim:schemas:extension:access:2.0:User")

    environments: Annotated[list[GrantedEnvironment] | None, Mutability.read_only, Returned.request] = None
    """The environments that the User may enter, as far as this connection has granted it."""

    groups: Annotated[list[GrantedGroup] | None, Mutability.read_only, Returned.request] = None
    """The end-user groups that the User is in, as far as this connection has granted it. Everyone is not among them."""


class User(scim2_models.User[EnterpriseUser | Access]):
    """User Account"""

    emails: list[Email] | None = None  # type: ignore[assignment]
    """Email addresses for the user."""


class Group(scim2_models.Group):
    """Group"""


Model = type[BaseModel]
ENTERPRISE, ACCESS = str(EnterpriseUser.__schema__), str(Access.__schema__)


def urn_of(model: Model) -> str:
    """Return the URN of a model's schema."""
    return str(getattr(model, "__schema__", ""))
