"""R5: workers are killed while they write; every answered change is there, and every change has its row in the log."""

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.client import HTTPConnection, HTTPException
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.server import Server, demo_server, workers

KILLS = 2
WRITERS = 4
# Who was written: by answers of the log, by records, by people, and by events.
WRITTEN = """
import json
from provisioning.models import ProvisionedUser, ScimRequest
from workspace.models import ChangeEvent, EndUser
logged = ScimRequest.objects.filter(connection_name="Kills", status=201)
print(json.dumps([
    [json.loads(body)["userName"] for body in logged.values_list("response_body", flat=True)],
    list(ProvisionedUser.objects.filter(user_name__startswith="kill").values_list("user_name", flat=True)),
    list(EndUser.objects.filter(email__startswith="kill").values_list("email", flat=True)),
    ChangeEvent.objects.filter(action="end_user.created", request_id__in=logged.values("request_id")).count(),
]))
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server of its own, because its workers die."""
    with demo_server(tmp_path) as server:
        yield server


def test_r5_no_answered_change_is_lost_and_none_is_without_its_row(server: Server) -> None:
    access = server.demo("--empty-scim", "Kills")
    names, is_over, answered = count(), False, []

    def write() -> None:
        while not is_over:
            name = f"kill{next(names)}@acme.example"
            if created(access["base_url"], access["token"], name):
                answered.append(name)
            else:
                time.sleep(0.05)  # until the server is back

    with ThreadPoolExecutor(WRITERS) as pool:
        writers = [pool.submit(write) for _ in range(WRITERS)]
        for _ in range(KILLS):
            wait_until(partial(has_grown_by_20, answered, len(answered)))
            for pid in workers(server.environment["PORT"]):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        is_over = True
    for writer in writers:
        writer.result()

    logged, records, people, events = json.loads(server.commands.run("shell", "-c", WRITTEN).splitlines()[-1])
    assert set(answered) <= set(records)
    assert sorted(logged) == sorted(records) == sorted(people)
    assert events == len(people)


def has_grown_by_20(answered: list[str], before: int) -> bool:
    return len(answered) >= before + 20


def created(base_url: str, token: str, name: str) -> bool:
    """Say whether the server answered that it created the user."""
    base = urlsplit(base_url)
    connection = HTTPConnection(base.netloc, timeout=20)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/scim+json"}
    with contextlib.suppress(OSError, HTTPException), contextlib.closing(connection):
        connection.request("POST", f"{base.path}/Users", json.dumps({"userName": name}), headers)
        return connection.getresponse().status == 201
    return False


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)
