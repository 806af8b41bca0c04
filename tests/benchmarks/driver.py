"""Drives a running server over HTTP: each client keeps one connection open, and asks as soon as it has the answer."""

import http.client
import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.parse import quote, urlsplit

from tests.benchmarks.processes import Processors
from tests.benchmarks.works import MANY, WARM_UP, Call, Tenant, Work, group, members, patched, user

ANSWER_SECONDS, WARM_UP_SECONDS, BARRIER_SECONDS = 60, 5, 300
CLIENTS = (1, 8)
SYNC_CLIENTS, SYNC_GROUPS = 5, 10
# Another status than expected, no answer in time, a connection that ends.
FAILURES = (RuntimeError, OSError, http.client.HTTPException)


@dataclass(frozen=True)
class Order:
    """Who is asked for what; how many requests and seconds at most a turn of one work with so many clients has."""

    who: str
    origin: str
    tenant: Tenant
    works: list[str]
    requests: int
    seconds: float
    # The processes whose processor time is measured.
    server: list[int] = field(default_factory=list)
    database: list[int] = field(default_factory=list)
    # The directory to keep an exchange of each work in, which the floor repeats.
    exchanges: str = ""
    is_floor: bool = False
    # Bare SQL has no server: the database that it connects to.
    address: str = ""


@dataclass(frozen=True)
class Measured:
    """What so many clients at once saw of one kind of work: milliseconds, and requests a second of all together.

    `server` and `database` are milliseconds on a processor for each request.
    """

    who: str
    work: str
    clients: int
    requests: int
    p50: float
    p95: float
    rate: float
    server: float
    database: float

    @property
    def cpu(self) -> float:
        return self.server + self.database

    @classmethod
    def of(
        cls, who: str, work: str, clients: int, times: list[float], elapsed: float, server: float, database: float
    ) -> "Measured":
        cuts = quantiles([*times, *times] if len(times) == 1 else times, n=100, method="inclusive")
        each = 1000 / len(times)
        return cls(
            who, work, clients, len(times), cuts[49] * 1000, cuts[94] * 1000, len(times) / elapsed,
            server * each, database * each,
        )  # fmt: skip


@dataclass
class Sync:
    """A first sync: what was pushed, in how many seconds, and users a second in the first and the last tenth.

    `cpu` are the milliseconds that a user of each took on a processor, of server and database together.
    """

    users: int
    memberships: int
    seconds: float
    first: float
    last: float
    cpu: tuple[float, float]


class Client:
    """One connection, kept open."""

    def __init__(self, origin: str, base: str, token: str) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(origin).netloc, timeout=ANSWER_SECONDS)
        self.base = base
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/scim+json"}
        self.seconds = 0.0
        self.last: dict[str, Any] = {}

    def send(self, call: Call) -> Any:
        """The answer's JSON; `seconds` is how long it took to come."""
        body = None if call.body is None else json.dumps(call.body)
        began = time.perf_counter()
        self.connection.request(call.method, self.base + call.path, body, self.headers)
        response = self.connection.getresponse()
        content = response.read()
        self.seconds = time.perf_counter() - began
        self.last = {"call": asdict(call), "status": response.status, "text": content.decode()}
        if response.status != call.status:
            raise RuntimeError(f"{call.method} {call.path} was answered {response.status}: {content[:500]!r}")
        return json.loads(content) if content else None


def measure(order: Order, work: Work, clients: int) -> Measured:
    """Let so many clients begin and end together. Return what they saw."""
    clocks: list[Processors] = []
    spent: list[float] = []

    def look() -> None:
        if clocks:
            spent.extend(clock.spent() for clock in clocks)
        else:
            clocks.extend((Processors(order.server), Processors(order.database)))

    barrier = threading.Barrier(clients, look, BARRIER_SECONDS)
    most = -(-min(order.requests, work.most) // clients)

    def run(place: int) -> Run:
        try:
            return _run(order, work, place, clients, most, barrier.wait)
        except BaseException:
            barrier.abort()  # the others would wait for this one
            raise

    with ThreadPoolExecutor(clients) as pool:
        started = [pool.submit(run, place) for place in range(clients)]
    failures = [failure for each in started if (failure := each.exception())]
    if failures:
        raise min(failures, key=lambda failure: isinstance(failure, threading.BrokenBarrierError))
    runs = [each.result() for each in started]
    elapsed = max(run.ended for run in runs) - min(run.began for run in runs)
    times = [seconds for run in runs for seconds in run.times]
    server, database = spent
    if order.exchanges and not order.is_floor:
        (Path(order.exchanges) / f"{work.name}.json").write_text(json.dumps(runs[0].last))
    return Measured.of(order.who, work.name, clients, times, elapsed, server, database)


@dataclass(frozen=True)
class Run:
    """The seconds of each request of one client, from when to when they were made, and the last exchange."""

    times: list[float]
    began: float
    ended: float
    last: dict[str, Any]


def _run(order: Order, work: Work, place: int, of: int, most: int, wait: Callable[[], Any]) -> Run:
    client = Client(order.origin, "" if order.is_floor else order.tenant.base, order.tenant.token)
    round_ = work.begin(order.tenant, place, of, client.send)
    call, times = next(round_.calls), []
    try:
        warm = time.monotonic() + WARM_UP_SECONDS
        for _ in range(WARM_UP):
            if time.monotonic() < warm:
                call = round_.calls.send(client.send(call))
        wait()
        began = time.perf_counter()
        while True:
            answer = client.send(call)
            times.append(client.seconds)
            if len(times) >= most or time.perf_counter() - began > order.seconds:
                break
            call = round_.calls.send(answer)
    except StopIteration:
        pass  # nothing is left to ask for
    run = Run(times, began, time.perf_counter(), client.last)
    wait()
    for call in round_.after:
        client.send(call)
    return run


def first_sync(order: Order, users: int) -> Sync:
    """Do what a provider does when it is connected: look up and create users, then fill its groups, five at once."""
    tenant, clients = order.tenant, threading.local()

    def send(call: Call) -> Any:
        if not hasattr(clients, "mine"):
            clients.mine = Client(order.origin, tenant.sync_base, tenant.sync_token)
        return clients.mine.send(call)

    def push(number: int) -> str:
        body = user(f"sync.{number}")
        found = send(Call("GET", "/Users?filter=" + quote(f'userName eq "{body["userName"]}"')))
        assert not found["totalResults"], "The tenant of the first sync is not new."
        pk = send(Call("POST", "/Users", body, 201))["id"]
        with counting:
            pushed.append(time.perf_counter())
            if len(pushed) in (tenth + 1, users - tenth + 1, users + 1):
                used.append(processors.spent())
        return pk

    def fill(number: int) -> None:
        pk = send(Call("POST", "/Groups", group(f"Synced {number}"), 201))["id"]
        for first in range(0, len(people), MANY):
            send(Call("PATCH", f"/Groups/{pk}", members("add", people[first : first + MANY]), patched(tenant)))

    tenth, counting = max(users // 10, 1), threading.Lock()
    processors, used, pushed = Processors([*order.server, *order.database]), [0.0], [time.perf_counter()]
    with ThreadPoolExecutor(SYNC_CLIENTS) as pool:
        people = list(pool.map(push, range(users)))
        list(pool.map(fill, range(SYNC_GROUPS)))
    first, last = (
        tenth / (end - start) for start, end in ((pushed[0], pushed[tenth]), (pushed[-tenth - 1], pushed[-1]))
    )
    cpu = (used[1] - used[0]) / tenth * 1000, (used[-1] - used[-2]) / tenth * 1000
    return Sync(users, users * SYNC_GROUPS, time.perf_counter() - pushed[0], first, last, cpu)
