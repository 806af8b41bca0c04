"""A PgBouncer in front of a PostgreSQL of the tests, with the settings that we tell operators to use."""

import configparser
import contextlib
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from tests.commands import PROJECT
from tests.postgres import Cluster

PROGRAM = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin")
START_SECONDS = 20
PORT = 6432  # of a Unix socket in the directory of the cluster


@contextlib.contextmanager
def bouncer(cluster: Cluster, connections: int) -> Iterator[str]:
    """Run a PgBouncer with so many connections to the database, and yield its URL."""
    home = cluster.home
    settings = configparser.ConfigParser(interpolation=None)
    settings.read(PROJECT / "workspace" / "deploy" / "pgbouncer.ini")
    settings["databases"] = {"postgres": f"host={home} dbname=postgres user=postgres"}
    settings["pgbouncer"].update({
        "listen_addr": "", "unix_socket_dir": str(home), "listen_port": str(PORT), "auth_type": "any",
        "default_pool_size": str(connections), "logfile": str(home / "pgbouncer.log"),
    })  # fmt: skip
    del settings["pgbouncer"]["auth_file"]
    with (home / "pgbouncer.ini").open("w") as file:
        settings.write(file)
    process = subprocess.Popen([str(PROGRAM), "--quiet", str(home / "pgbouncer.ini")], **cluster.account)
    try:
        _wait(home)
        yield f"{cluster.url.removesuffix('/postgres')}:{PORT}/postgres?prepare_threshold=none"
    finally:
        process.terminate()
        process.wait()


def _wait(home: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(host=str(home), port=PORT, user="postgres", dbname="postgres").close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
