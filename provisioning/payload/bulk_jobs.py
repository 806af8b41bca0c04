"""The operations of a bulk request, and how they refer to each other by bulkId (RFC 7644 section 3.7)."""

import heapq
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from provisioning.payload import errors
from provisioning.payload.limits import MAX_OPERATIONS
from provisioning.payload.resources import Document
from provisioning.payload.tolerance import Tolerance

METHODS = {"POST", "PUT", "PATCH", "DELETE"}
# A value that is a reference; one within a path or URL, as in members[value eq "bulkId:a"] and ../Users/bulkId:a.
_WHOLE = re.compile(r"bulkId:(.+)", re.DOTALL)
_WITHIN = re.compile(r'(?<=["/])bulkId:([^"/\]]+)')
_PATH = re.compile(r"/(Users|Groups)(?:/([^/]+))?")


@dataclass(frozen=True)
class Operation:
    """One operation as it was sent. `failure` says why it cannot be carried out, if it cannot."""

    method: str
    path: str
    bulk_id: str | None
    version: str | None
    data: object
    failure: errors.ScimError | None = None

    @classmethod
    def of(cls, item: Document, tolerance: Tolerance) -> "Operation":
        """Read an operation. Names are case-insensitive. An error concerns this operation alone."""
        item = {name.lower(): value for name, value in item.items()}
        method, path, bulk_id, version = (_text(item, name) for name in ("method", "path", "bulkid", "version"))
        failure = None
        try:
            _check(method, path, bulk_id, item.get("data"), tolerance)
        except errors.ScimError as refusal:
            failure = refusal
        if path and not path.startswith("/"):
            path = f"/{path}"
        return cls((method or "").upper(), path or "", bulk_id, version, item.get("data"), failure)

    @property
    def target(self) -> tuple[str, str | None]:
        """Users or Groups, and the id of one of them, if the path has one."""
        match = _PATH.fullmatch(self.path)
        return (match[1], match[2]) if match else ("", None)

    @property
    def creates(self) -> str | None:
        """The bulkId by which others may refer to its new resource."""
        return self.bulk_id if self.method == "POST" else None

    def references(self) -> set[str]:
        """Return the bulkIds that it refers to."""
        names: set[str] = set()
        for text in _texts([self.path, self.data]):
            whole = _WHOLE.fullmatch(text)
            names.update([whole[1]] if whole else _WITHIN.findall(text))
        return names

    def resolved(self, ids: Mapping[str, str]) -> "Operation":
        """Return it with ids in place of references. Raises invalidValue for a reference to nothing."""
        path, data = _resolved_text(self.path, ids), _resolved(self.data, ids)
        return Operation(self.method, path, self.bulk_id, self.version, data)


def operations(body: Document, tolerance: Tolerance) -> list[Operation]:
    """Return the operations of a body. Raises invalidSyntax where it is no bulk request, 413 for too many."""
    sent = next((value for key, value in body.items() if key.lower() == "operations"), None)
    if not isinstance(sent, list) or not all(isinstance(item, dict) for item in sent):
        raise errors.invalid_syntax("Send Operations: a list of objects with method, path and data.")
    if len(sent) > MAX_OPERATIONS:
        raise errors.too_large(f"Send at most {MAX_OPERATIONS:,} operations in one bulk request (maxOperations).")
    found = [Operation.of(item, tolerance) for item in sent]
    names = [operation.creates for operation in found if operation.creates]
    if len(set(names)) < len(names):
        raise errors.invalid_syntax("A bulkId stands for two new resources. Give each its own.")
    return found


def fail_on_errors(body: Document) -> int:
    """Return how many failures end the request. Where the body does not say, there cannot be so many."""
    most = next((value for key, value in body.items() if key.lower() == "failonerrors"), None)
    if most is None:
        return MAX_OPERATIONS + 1
    if not isinstance(most, int) or isinstance(most, bool) or most < 1:
        raise errors.invalid_value("Send failOnErrors as a whole number from 1.")
    return most


def order(found: list[Operation]) -> Iterator[int]:
    """Give the numbers of the operations in the order they were sent, but each after those it refers to.

    Operations that refer to each other in a circle are left out, and so are those that wait for them.
    """
    creators = {operation.creates: number for number, operation in enumerate(found) if operation.creates}
    sorter: TopologicalSorter[int] = TopologicalSorter()
    for number, operation in enumerate(found):
        sorter.add(number, *(creators[name] for name in operation.references() if name in creators))
    with suppress(CycleError):  # The operations outside of the circle are handed out all the same.
        sorter.prepare()
    ready: list[int] = []
    while sorter.is_active():
        for number in sorter.get_ready():
            heapq.heappush(ready, number)
        number = heapq.heappop(ready)
        yield number
        sorter.done(number)


def _text(item: Document, name: str) -> str | None:
    value = item.get(name)
    return value if isinstance(value, str) and value else None


def _check(method: str | None, path: str | None, bulk_id: str | None, data: object, tolerance: Tolerance) -> None:
    if method is None or method.upper() not in METHODS:
        raise errors.invalid_syntax("Send method as POST, PUT, PATCH or DELETE.")
    if method != method.upper():
        tolerance.note(f"method sent as {method[:10]}")
    if path is not None and not path.startswith("/"):
        tolerance.note("path of a bulk operation without its first slash", "invalidPath")
        path = f"/{path}"
    if path is None or not _PATH.fullmatch(path):
        raise errors.invalid_path("Send path as /Users or /Groups or, for one of them, /Users/<id> or /Groups/<id>.")
    if method.upper() != "DELETE" and not isinstance(data, dict):
        raise errors.invalid_syntax("Send data: the object that would be the body of a single request.")
    if method.upper() == "POST" and bulk_id is None:
        tolerance.note("bulkId left out")


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for child in children:
        yield from _texts(child)


def _resolved(value: object, ids: Mapping[str, str]) -> object:
    if isinstance(value, dict):
        return {name: _resolved(item, ids) for name, item in value.items()}
    if isinstance(value, list):
        return [_resolved(item, ids) for item in value]
    return _resolved_text(value, ids) if isinstance(value, str) else value


def _resolved_text(text: str, ids: Mapping[str, str]) -> str:
    if match := _WHOLE.fullmatch(text):
        if match[1] not in ids:
            raise errors.invalid_value(f"No operation of this request has created a resource as {text[:100]}.")
        return ids[match[1]]
    return _WITHIN.sub(lambda found: ids.get(found[1], found[0]), text)
