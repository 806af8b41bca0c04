"""Behind PgBouncer in transaction mode, each transaction may run on another connection of the database."""

import os
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests import postgres
from tests.benchmarks.driver import Client
from tests.benchmarks.works import PATCH_OP, Call, user
from tests.server import demo_server

PROGRAM = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin")
AT_ONCE, EACH = 8, 12

pytestmark = pytest.mark.skipif(
    "DATABASE_URL" not in os.environ or not PROGRAM, reason="needs PostgreSQL and PgBouncer: make test installs them"
)


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """The address of a PgBouncer with two connections to a fresh PostgreSQL."""
    with postgres.cluster() as cluster:
        home = cluster.home
        (home / "pgbouncer.ini").write_text(
            f"""[databases]
postgres = host={home} dbname=postgres user=postgres
[pgbouncer]
listen_addr =
unix_socket_dir = {home}
listen_port = 6432
auth_type = any
pool_mode = transaction
default_pool_size = 2
ignore_startup_parameters = extra_float_digits
logfile = {home}/pgbouncer.log
"""
        )
        process = subprocess.Popen([str(PROGRAM), "--quiet", str(home / "pgbouncer.ini")], **cluster.account)
        try:
            _wait(home)
            yield f"{cluster.url.removesuffix('/postgres')}:6432/postgres?prepare_threshold=none"
        finally:
            process.terminate()
            process.wait()


def _wait(home: Path) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            psycopg.connect(host=str(home), port=6432, user="postgres", dbname="postgres").close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def test_clients_that_share_two_connections_of_the_database_lose_nothing(address, tmp_path):
    with demo_server(tmp_path, address) as server:
        access = server.demo("--empty-scim", "Bouncer")
        base = urlsplit(access["base_url"]).path

        def sync(place: int) -> None:
            with closing(Client(server.origin, base, access["token"])) as client:
                push(client, place)

        def push(client: Client, place: int) -> None:
            for number in range(EACH):
                made = client.send(Call("POST", "/Users", user(f"{place}.{number}"), 201))
                off = {"op": "replace", "path": "active", "value": False}
                client.send(Call("PATCH", f"/Users/{made['id']}", {"schemas": [PATCH_OP], "Operations": [off]}))
                assert not client.send(Call("GET", f"/Users/{made['id']}"))["active"]

        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(sync, range(AT_ONCE)))
        with closing(Client(server.origin, base, access["token"])) as client:
            users = client.send(Call("GET", "/Users?count=1"))
        assert users["totalResults"] == AT_ONCE * EACH
        assert "Traceback" not in server.log.read_text()
