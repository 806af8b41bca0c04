"""What an identity provider asks of a server in the benchmark, as requests; who sends them stands elsewhere."""

# ruff: noqa: S311 -- it draws what to read next

import random
import secrets
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any
from urllib.parse import quote

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
GROUP_SIZES = (10, 5_000, 100_000)
DEEP = 5_001
MANY, MANY_TIMES = 1_000, 8
# How many requests each client sends before the clock starts.
WARM_UP = 3
# The last so many spare people are switched by bare SQL, which leaves their documents as they are.
BARE = 1_000
# Where one request makes the baseline read so many rows, it goes alone; where more, it is left out, as memory ends.
BASELINE_TOGETHER, BASELINE_ALONE = 20_000, 200_000


@dataclass(frozen=True)
class Call:
    """One request, and the status that it must get."""

    method: str
    path: str
    body: Any = None
    status: int = 200


@dataclass(frozen=True)
class Tenant:
    """A server's tenant as its seed left it; `users` and `spare` are ids, of which the spare ones are in no group."""

    base: str
    token: str
    count: int
    users: list[str]
    spare: list[str]
    groups: dict[str, str]
    is_baseline: bool = False
    has_cursors: bool = False
    sync_base: str = ""
    sync_token: str = ""


@dataclass(frozen=True)
class Round:
    """The requests of one client that are measured, which are told the answers; then those that undo them."""

    calls: Generator[Call, Any, None]
    after: list[Call] = field(default_factory=list)


Send = Callable[[Call], Any]


@dataclass(frozen=True)
class Work:
    """A kind of request. `begin(tenant, place, of, send)` makes the round of the client that is number `place`."""

    name: str
    begin: Callable[[Tenant, int, int, Send], Round]
    # How many users the baseline makes objects of to answer one of them.
    baseline_reads: int = 1
    # How many requests are enough, where one takes long.
    most: int = 1_000_000
    is_offered: Callable[[Tenant], bool] = lambda _: True


def user(number: str) -> dict[str, Any]:
    """A user as Okta sends it; without a password, which the baseline would hash."""
    address = f"person.{number}@example.com"
    return {
        "schemas": [USER],
        "userName": address,
        "name": {"givenName": "Person", "familyName": f"Number {number}"},
        "emails": [{"primary": True, "value": address, "type": "work"}],
        "displayName": f"Person Number {number}",
        "locale": "en-US",
        "externalId": f"00u{number}",
        "active": True,
    }


def group(name: str) -> dict[str, Any]:
    return {"schemas": [GROUP], "displayName": name, "members": []}


def members(op: str, ids: list[str]) -> dict[str, Any]:
    operation = {"op": op, "path": "members", "value": [{"value": pk} for pk in ids]}
    return {"schemas": [PATCH_OP], "Operations": [operation]}


def works(tenant: Tenant) -> dict[str, Work]:
    """All of them by name, as far as the server offers them; each group has one of its own."""
    people, sizes = tenant.count, [int(size) for size in tenant.groups]
    found = [
        Work("create", _create),
        Work("look-up", _look_up),
        Work("get", _get),
        Work("page", partial(_page, 1), baseline_reads=people),
        Work("page-deep", partial(_page, deep_start(people)), baseline_reads=people),
        Work("page-last", partial(_page, last_start(people)), baseline_reads=people),
        Work("page-cursor", _cursor, is_offered=lambda tenant: tenant.has_cursors),
        Work("active", _active),
        *(Work(f"add-1-to-{size}", partial(_add_one, str(size)), baseline_reads=size) for size in sizes),
        Work(f"add-{MANY}", _add_many, baseline_reads=MANY, most=MANY_TIMES),
        Work("group-read", _group_read, baseline_reads=max(sizes)),
    ]
    return {work.name: work for work in found if work.is_offered(tenant)}


def goes(work: Work, tenant: Tenant, clients: int) -> bool:
    """Whether the server can do this with so many clients at once and stay within the machine's memory."""
    limit = BASELINE_TOGETHER if clients > 1 else BASELINE_ALONE
    return not tenant.is_baseline or work.baseline_reads <= limit


def deep_start(people: int) -> int:
    """Where the deep page starts: at 5,001, if there are so many."""
    return min(DEEP, last_start(people))


def last_start(people: int) -> int:
    """Where the last page starts."""
    return max(people - 99, 1)


def _create(tenant: Tenant, place: int, of: int, send: Send) -> Round:
    mark = secrets.token_hex(4)
    return Round(Call("POST", "/Users", user(f"{mark}.{number}"), 201) for number in count())


def _look_up(tenant: Tenant, place: int, of: int, send: Send) -> Round:
    names = (f"person.{random.randrange(tenant.count):07d}@example.com" for _ in count())
    return Round(Call("GET", "/Users?filter=" + quote(f'userName eq "{name}"') + "&count=100") for name in names)


def _get(tenant: Tenant, place: int, of: int, send: Send) -> Round:
    return Round(Call("GET", f"/Users/{random.choice(tenant.users)}") for _ in count())


def _page(start: int, tenant: Tenant, place: int, of: int, send: Send) -> Round:
    return Round(Call("GET", f"/Users?startIndex={start}&count=100") for _ in count())


def _cursor(tenant: Tenant, place: int, of: int, send: Send) -> Round:
    """From page to page, with the cursor that was answered before."""

    def pages() -> Generator[Call, Any, None]:
        cursor = ""
        while cursor is not None:
            answer = yield Call("GET", f"/Users?cursor={quote(cursor, safe='')}&count=100")
            cursor = answer.get("nextCursor")

    return Round(pages())


def _active(tenant: Tenant, place: int, of: int, send: Send) -> Round:
    """One person of the client's own, off and on."""
    path = f"/Users/{tenant.spare[place]}"

    def switch(is_active: bool) -> Call:
        operation = {"op": "replace", "path": "active", "value": is_active}
        return Call("PATCH", path, {"schemas": [PATCH_OP], "Operations": [operation]})

    return Round((switch(bool(number % 2)) for number in count()), [switch(True)])


def _add_one(size: str, tenant: Tenant, place: int, of: int, send: Send) -> Round:
    path, mine, status = f"/Groups/{tenant.groups[size]}", tenant.spare[place::of], patched(tenant)
    after = [
        Call("PATCH", path, members("remove", mine[first : first + MANY]), status)
        for first in range(0, len(mine), MANY)
    ]
    return Round((Call("PATCH", path, members("add", [pk]), status) for pk in mine), after)


def _add_many(tenant: Tenant, place: int, of: int, send: Send) -> Round:
    """Each time into another, empty group."""
    wanted = MANY_TIMES // of + WARM_UP + 1
    paths = [f"/Groups/{send(Call('POST', '/Groups', group(secrets.token_hex(8)), 201))['id']}" for _ in range(wanted)]
    body = members("add", tenant.users[:MANY])
    return Round(
        (Call("PATCH", path, body, patched(tenant)) for path in paths),
        [Call("DELETE", path, None, 204) for path in paths],
    )


def _group_read(tenant: Tenant, place: int, of: int, send: Send) -> Round:
    largest = tenant.groups[max(tenant.groups, key=int)]
    return Round(Call("GET", f"/Groups/{largest}?excludedAttributes=members") for _ in count())


def patched(tenant: Tenant) -> int:
    """The baseline answers a PATCH of a group with the group."""
    return 200 if tenant.is_baseline else 204
