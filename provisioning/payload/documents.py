"""Documents of users and groups: read from bodies, folded for filters."""

from collections.abc import Iterator

from pydantic import ValidationError
from scim2_models import BaseModel, Context, ScimPolicy

from provisioning.payload import errors
from provisioning.payload.attributes import Attribute, attributes
from provisioning.payload.limits import MAX_VALUES
from provisioning.payload.resources import ACCESS, Access, Document, Model, User
from workspace.db.keys import canonical, name_key
from workspace.json_text import text_of

POLICY = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)
# The same, but a path whose filter finds no element is refused.
EXACT_POLICY = POLICY.model_copy(update={"unmatched_path_filter": ScimPolicy.UnmatchedPathFilter.forbid})
# What the server itself says of a resource is not stored, nor are passwords.
NOT_STORED = {"schemas", "id", "meta", "groups", "members", "password"}
# Of the whole document as JSON. Each character is folded for filters, and some become eighteen.
MAX_LENGTH = 50_000
MAX_NAME = 250
_MAX_LENGTHS = {"userName": MAX_NAME, "externalId": 500, "displayName": MAX_NAME}


def parse(body: Document, model: Model) -> Document:
    """Return the checked document of a POST or PUT body. `tidy_resource` comes first."""
    try:
        resource = model.model_validate(body, scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST, scim_policy=POLICY)
    except ValidationError as error:
        raise errors.of_payload(error) from None
    return each_once(dump(resource), model)


def check_part(document: Document, model: Model) -> Document:
    """Return a document of which only some attributes are there. Raises ScimError for values that do not fit."""
    try:
        model.model_validate(document, scim_policy=POLICY)
    except ValidationError as error:
        raise errors.of_payload(error) from None
    check(document)
    return document


def dump(resource: BaseModel) -> Document:
    """Return the document that is stored of a resource. Raises invalidValue where it is too large."""
    document = resource.model_dump(scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST, scim_policy=POLICY)
    document = {name: value for name, value in document.items() if name not in NOT_STORED}
    if isinstance(resource, User) and resource[Access] is not None:
        document[ACCESS] = {}  # A client that writes the extension reads it again.
    check(document)
    return document


def each_once(document: Document, model: Model) -> Document:
    """Return a document in whose lists each pair of type and value stands once (RFC 7643 section 2.4)."""
    return {
        name: _merged(value, attributes(model)[name.lower()]) if isinstance(value, list) and len(value) > 1 else value
        for name, value in document.items()
    }


def _merged(entries: list[Document], attribute: Attribute) -> list[Document]:
    """Let a later entry add to the first one of its pair what it says. That one stays primary."""
    parts = attributes(attribute.model) if attribute.model else {}
    once: dict[object, Document] = {}
    for number, entry in enumerate(entries):
        pair = [_fold(entry.get(name), parts.get(name)) for name in ("type", "value")]
        key = tuple(pair) if entry.get("value") else number
        first = once.get(key, {})
        kept = {name for name in ("type", "value") if name in first} | ({"primary"} if first.get("primary") else set())
        once[key] = {**first, **entry, **{name: first[name] for name in kept}}
    return list(once.values())


def check(document: Document) -> None:
    """Refuse what is too large as a whole, and what a column cannot hold: SQLite itself would keep any length."""
    if parts := [(place, errors.invalid_value(detail)) for place, detail in _misfits(document)]:
        raise errors.of_parts(parts)


def _misfits(document: Document) -> Iterator[tuple[errors.Place, str]]:
    """Give the places of values that are too many, too long or blank, and what to do about each."""
    lists = {name: len(value) for name, value in document.items() if isinstance(value, list)}
    if sum(lists.values()) > MAX_VALUES:
        yield (
            (max(lists, key=lists.__getitem__),),
            f"Keep at most {MAX_VALUES} emails, roles and values of other lists.",
        )
    if _length(document) > MAX_LENGTH:
        longest = max(document, key=lambda name: _length(document[name]))
        yield (longest,), f"Shorten the attributes: together they may have {MAX_LENGTH:,} characters."
    if "userName" in document and not name_key(document["userName"]):
        yield ("userName",), "Send a userName that is not blank."
    for name, most in _MAX_LENGTHS.items():
        text = document.get(name, "")
        if len(text) > most or len(name_key(text)) > 500:
            yield (name,), f"Shorten {name} to at most {most} characters."
    for number, email in enumerate(document.get("emails", [])):
        if _is_longer(email.get("value") or "", 254) or _is_longer(email.get("type") or "", 100):
            detail = "Shorten emails.value to at most 254 and emails.type to at most 100 characters."
            yield ("emails", number), detail


def _length(value: object) -> int:
    return len(text_of(value))


def _is_longer(text: str, most: int) -> bool:
    """Say whether a text, or its canonical key, has more characters. A text that is too long is not folded."""
    return len(text) > most or len(canonical(text)) > most


def folded(document: Document, model: Model) -> Document:
    """Return the document for filters: names in lower case, strings canonical unless their attribute is case-exact."""
    known = attributes(model)
    return {name.lower(): _fold(value, known.get(name.lower())) for name, value in document.items()}


def _fold(value: object, attribute: Attribute | None) -> object:
    if isinstance(value, list):
        return [_fold(item, attribute) for item in value]
    if isinstance(value, dict):
        model = attribute.model if attribute else None
        return folded(value, model) if model else value
    if isinstance(value, str) and not (attribute and attribute.is_exact):
        return name_key(value)
    return value


def display_name(document: Document) -> str:
    """Return the name of a User where another one refers to it."""
    candidates = [document.get("displayName"), document.get("name", {}).get("formatted"), document["userName"]]
    return next(text for text in candidates if text and text.strip())
