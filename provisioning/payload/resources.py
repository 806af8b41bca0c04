"""Our User and Group: read from bodies, rendered for answers, folded for filters. No ORM, no request."""

import json
import re
from collections.abc import Iterable
from typing import Annotated, Any, cast

import scim2_models
from pydantic import Field, ValidationError
from scim2_models import URN, BaseModel, CaseExact, Context, Mutability, Reference, Returned, ScimPolicy
from scim2_models.attributes import ExtensibleStringEnum

from provisioning.payload import errors
from provisioning.payload.attributes import Attribute, attributes, find
from workspace.db.keys import canonical

POLICY = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)
# The same, but a path whose filter finds no entry is refused.
EXACT_POLICY = POLICY.model_copy(update={"unmatched_path_filter": ScimPolicy.UnmatchedPathFilter.forbid})
# Never stored: what the server itself says of a resource, and the password, which nobody needs here.
_NOT_STORED = {"schemas", "id", "meta", "groups", "members", "password"}
# In all lists of a resource together: each operation of a PATCH copies and compares those that it changes.
MAX_VALUES = 200
# Of the whole resource as JSON: each character is folded for filters, and some fold to eighteen.
MAX_LENGTH = 50_000
_MAX_LENGTHS = {"userName": 250, "externalId": 500, "displayName": 250}
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")

Document = dict[str, Any]
# Debian's Python 3.11.2 copies a member by its name, which types of a client's own (emails.type "holiday") do not have.
ExtensibleStringEnum.__deepcopy__ = lambda self, memo: self  # type: ignore[method-assign]


class Email(scim2_models.Email):
    """An address as IdPs have them, e.g. ada@corp.local."""

    value: str | None = None
    """Email addresses for the user."""


class Manager(scim2_models.Manager):
    """The manager by id alone: where that leads, and what it is called, the server says."""

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


def parse(body: Document, model: Model) -> Document:
    """The document of a POST or PUT body that `dialects` has tidied: checked, read-only attributes left out."""
    try:
        resource = model.model_validate(body, scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST, scim_policy=POLICY)
    except ValidationError as error:
        raise errors.of_payload(error) from None
    return dump(resource)


def dump(resource: BaseModel) -> Document:
    """What is stored of a resource."""
    document = resource.model_dump(scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST, scim_policy=POLICY)
    document = {name: value for name, value in document.items() if name not in _NOT_STORED}
    if isinstance(resource, User) and resource[Access] is not None:
        document[ACCESS] = {}  # Whoever says that a User has the extension gets that back.
    _check_size(document)
    _check_lengths(document)
    return document


def _check_size(document: Document) -> None:
    if sum(len(value) for value in document.values() if isinstance(value, list)) > MAX_VALUES:
        raise errors.invalid_value(f"Keep at most {MAX_VALUES} emails, roles and values of other lists.")
    if len(json.dumps(document, ensure_ascii=False)) > MAX_LENGTH:
        raise errors.invalid_value(f"Shorten the attributes: together they may have {MAX_LENGTH:,} characters.")


def _check_lengths(document: Document) -> None:
    """The same verdict on every database: SQLite would keep any length. A blank userName is none."""
    if "userName" in document and not canonical(document["userName"]):
        raise errors.invalid_value("Send a userName that is not blank.")
    for name, most in _MAX_LENGTHS.items():
        text = document.get(name, "")
        if len(text) > most or len(canonical(text)) > 500:
            raise errors.invalid_value(f"Shorten {name} to at most {most} characters.")
    for email in document.get("emails", []):
        if _is_longer(email.get("value", ""), 254) or _is_longer(email.get("type", ""), 100):
            raise errors.invalid_value("Shorten emails.value to at most 254 and emails.type to at most 100 characters.")


def _is_longer(text: str, most: int) -> bool:
    """Whether a text or its key, which can be longer, has more characters; a long text is not folded to find out."""
    return len(text) > most or len(canonical(text)) > most


def profile(document: Document, name_from: str = "", email_from: str = "") -> tuple[str, str]:
    """Full name and email address of a User: from the attributes that are named, else as most IdPs mean it.

    Raises invalidValue when there is no address: without one nobody can be told apart.
    """
    email = _email(document, email_from)
    if not email:
        raise errors.invalid_value("Send an email address: emails[primary eq true].value, or a userName that is one.")
    return _full_name(document, name_from), email


def _full_name(document: Document, wanted: str) -> str:
    name = document.get("name", {})
    parts = " ".join(filter(None, [name.get("givenName"), name.get("familyName")]))
    found = {"name.formatted": name.get("formatted"), "name": parts}
    order = [wanted, "displayName", "name.formatted", "name", "userName"]
    candidates = (found[path] if path in found else document.get(path) for path in order)
    return next(text for text in candidates if text and text.strip())


def _email(document: Document, wanted: str) -> str:
    """An address by its type, or userName; else the primary one, the work one, the first one, and userName last."""
    user_name = document["userName"].strip()
    as_address = user_name if _ADDRESS.fullmatch(user_name) else ""
    if wanted == "userName" and as_address:
        return as_address
    emails = [email for email in document.get("emails", []) if email.get("value", "").strip()]
    ranked = sorted(emails, key=lambda email: _rank(email, wanted))
    return ranked[0]["value"].strip() if ranked else as_address


def _rank(email: Document, wanted: str) -> tuple[bool, bool, bool]:
    """Less for an address that counts more."""
    kind = canonical(email.get("type", ""))
    return bool(wanted) and kind != wanted, not email.get("primary"), kind != "work"


def folded(document: Document, model: Model) -> Document:
    """The document for filters: names in lower case, strings canonical unless their attribute is case-exact."""
    known = attributes(model)
    return {name.lower(): _fold(value, known.get(name.lower())) for name, value in document.items()}


def _fold(value: Any, attribute: Attribute | None) -> Any:
    if isinstance(value, list):
        return [_fold(item, attribute) for item in value]
    if isinstance(value, dict):
        model = attribute.model if attribute else None
        return folded(value, model) if model else value
    if isinstance(value, str) and not (attribute and attribute.is_exact):
        return canonical(value)
    return value


def display_name(document: Document) -> str:
    """What a User is called where another one refers to it."""
    candidates = [document.get("displayName"), document.get("name", {}).get("formatted"), document["userName"]]
    return next(text for text in candidates if text and text.strip())


def render(document: Document, model: Model, *, server: Document, selection: "Selection | None" = None) -> Document:
    """The answer's resource: the document with what the server says, which stands first and decides."""
    resource = {**server, **document, **server}
    extensions = [name for name in resource if ":" in name]
    resource = {"schemas": [str(cast(Any, model).__schema__), *extensions], **resource}
    return selection.apply(resource) if selection else resource


class Selection:
    """Which attributes a request wants to see (RFC 7644 section 3.9)."""

    def __init__(self, model: Model, attributes: Iterable[str] = (), excluded: Iterable[str] = ()) -> None:
        self.included = _tree(model, attributes)
        self.excluded = _tree(model, excluded)
        if self.included and self.excluded:
            raise errors.invalid_value("Send attributes or excludedAttributes, not both.")
        self.is_explicit = bool(self.included)

    def wants(self, *path: str) -> bool:
        """Whether the answer can hold what these lower-case names lead to, so that others need not be read."""
        tree = self.included or self.excluded
        for name in path:
            if name not in tree:
                return not self.is_explicit
            if not tree[name]:
                return self.is_explicit
            tree = tree[name]
        return True

    def asks(self, *path: str) -> bool:
        """The same for what is returned only by request."""
        return self.is_explicit and self.wants(*path)

    def apply(self, resource: Document) -> Document:
        """The resource with the wanted attributes; `schemas` and `id` always stay."""
        if self.included:
            return _only(resource, {"schemas": {}, "id": {}, **self.included})
        always = {name: resource[name] for name in ("schemas", "id")}
        return {**always, **_without(resource, self.excluded)} if self.excluded else resource


_Tree = dict[str, Any]


def _tree(model: Model, paths: Iterable[str]) -> _Tree:
    """Paths as nested lower-case names; an empty branch means all of it. Unknown ones select nothing."""
    tree: _Tree = {}
    for path in filter(None, map(str.strip, paths)):
        steps = find(model, path)
        names = [step.name.lower() for step in steps] or ["schemas" if path.lower() == "schemas" else path.lower()]
        _grow(tree, names)
    return tree


def _grow(tree: _Tree, names: list[str]) -> None:
    """Add a path; what is there whole stays whole, however a part of it is named beside."""
    first, *rest = names
    if not rest:
        tree[first] = {}
    elif first not in tree or tree[first]:
        _grow(tree.setdefault(first, {}), rest)


def _only(value: Any, tree: _Tree) -> Any:
    if isinstance(value, list):
        return [_only(item, tree) for item in value]
    if not isinstance(value, dict) or not tree:
        return value
    return {name: _only(item, tree[name.lower()]) for name, item in value.items() if name.lower() in tree}


def _without(value: Any, tree: _Tree) -> Any:
    if isinstance(value, list):
        return [_without(item, tree) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _without(item, tree.get(name.lower(), {})) for name, item in value.items() if tree.get(name.lower()) != {}
    }
