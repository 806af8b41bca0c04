"""The budget of one request by phase, in process: an Order as JSON on stdin, the table as a JSON text on stdout.

Each phase is a function of the way that provisioning/README.md describes. Its time is what it takes without the phases
that it calls; "the rest" is what stands around them, above all Django's handling of a request.
"""

import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import Any

import django

from tests.benchmarks.works import Call, Tenant, works

REQUESTS, WARM_UP = 200, 20
# By phase, where its function is looked up when it is called.
PHASES = {
    "token": "provisioning.scim.auth:authenticate",
    "body": "provisioning.scim.views:read_body",
    "dialect and check": "provisioning.scim.adapters:read_resource",
    "operations": "provisioning.scim.adapters:tidy_operations",
    "patch": "provisioning.scim.adapters:patch.apply",
    "record": "provisioning.scim.adapters:create_user_record",
    "changed record": "provisioning.scim.adapters:update_user_record",
    "changed group": "provisioning.scim.adapters:update_group_record",
    "added members": "provisioning.scim.views:add_record_members",
    "effects": "provisioning.actions.records.users:bring_in",
    "list": "provisioning.scim.views:lists.answer",
    "document": "provisioning.scim.rendering:texts",
    "answer": "provisioning.scim.responses:text",
    "log": "provisioning.scim.request_log:Entry.write",
    "SQL": "django.db.backends.utils:CursorWrapper.execute",
    "commit": "django.db.backends.base.base:BaseDatabaseWrapper.commit",
}


class Clock:
    """The time that each phase took by itself."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self.stack: list[str] = []
        self.since = 0.0

    def switch(self) -> None:
        now = time.perf_counter()
        if self.stack:
            self.spent[self.stack[-1]] += now - self.since
        self.since = now

    def timed(self, phase: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            self.switch()
            self.stack.append(phase)
            try:
                return function(*args, **kwargs)
            finally:
                self.switch()
                self.stack.pop()

        return run


def main(tenant: Tenant, names: list[str]) -> str:
    """Return a table of microseconds: phases by work."""
    django.setup()
    from django.conf import settings
    from django.test import Client

    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "testserver"]
    browser = Client()
    headers = {"Authorization": f"Bearer {tenant.token}"}

    def send(call: Call) -> Any:
        body = "" if call.body is None else json.dumps(call.body)
        response = browser.generic(
            call.method, tenant.base + call.path, body, content_type="application/scim+json", headers=headers
        )
        assert response.status_code == call.status, response.content
        return json.loads(response.content) if response.content else None

    clock, handler = Clock(), browser.handler
    wrap_all(clock)
    get_response = clock.timed("the rest", handler.get_response)
    handler.__dict__["get_response"] = get_response
    lines = []
    for name in names:
        round_ = works(tenant)[name].begin(tenant, 0, 1, send)
        call = next(round_.calls)
        for number in range(WARM_UP + REQUESTS):
            if number == WARM_UP:
                clock.spent.clear()
            call = round_.calls.send(send(call))
        lines.append(f"{name}: {sum(clock.spent.values()) / REQUESTS * 1e6:.0f} µs")
        for phase, seconds in sorted(clock.spent.items(), key=lambda each: -each[1]):
            lines.append(f"  {phase:<20}{seconds / REQUESTS * 1e6:>8.0f}")
    return "\n".join(lines)


def wrap_all(clock: Clock) -> None:
    """Put the clock around each function, at the place where its callers find it."""
    for phase, place in PHASES.items():
        module, _, path = place.partition(":")
        owner: Any = import_module(module)
        *owners, name = path.split(".")
        for each in owners:
            owner = getattr(owner, each)
        setattr(owner, name, clock.timed(phase, getattr(owner, name)))


if __name__ == "__main__":
    given = json.load(sys.stdin)
    print(json.dumps(main(Tenant(**given["tenant"]), given["works"])))
