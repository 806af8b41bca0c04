"""Documents of users and groups: read from bodies, folded for filters, rendered for answers. No ORM, no request."""

import json
from typing import Any, cast

from pydantic import ValidationError
from scim2_models import BaseModel, Context, ScimPolicy

from provisioning.payload import errors
from provisioning.payload.attributes import Attribute, attributes
from provisioning.payload.limits import MAX_VALUES
from provisioning.payload.resources import ACCESS, Access, Document, Model, User
from provisioning.payload.selection import Selection
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
# Of the whole resource as JSON: each character is folded for filters, and some fold to eighteen.
MAX_LENGTH = 50_000
_MAX_LENGTHS = {"userName": 250, "externalId": 500, "displayName": 250}


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
