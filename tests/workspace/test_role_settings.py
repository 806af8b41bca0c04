"""What the role of PostgreSQL sets for its sessions breaks nothing, with and without PgBouncer in front."""

import json
import os
import urllib.request
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tests import postgres
from tests.bouncer import bouncer
from tests.commands import commands
from tests.server import demo_server

pytestmark = pytest.mark.skipif("DATABASE_URL" not in os.environ, reason="only on PostgreSQL")

# What our statements, their values and their locks could stumble over.
SETTINGS = {
    "bytea_output": "escape",
    "client_encoding": "LATIN1",
    "datestyle": "German, DMY",
    "default_transaction_isolation": "serializable",
    "extra_float_digits": "0",
    "intervalstyle": "sql_standard",
    "lock_timeout": "10s",
    "standard_conforming_strings": "off",
    "timezone": "Asia/Kolkata",
}
ASKED = """
import json
from django.db import connection, transaction
from workspace.models import Workspace
with transaction.atomic(), connection.cursor() as cursor:
    cursor.execute("SELECT current_setting('datestyle'), current_setting('transaction_isolation')")
    made = Workspace.objects.latest("created_at").created_at
    print(json.dumps([*cursor.fetchone(), made.isoformat()]))
"""


class Site:
    """A server behind PgBouncer, whose commands go there or to PostgreSQL itself."""

    def __init__(self, server, cluster):
        self.server, self.cluster = server, cluster
        self.access = server.demo("--empty-scim", "Role settings")

    def scim(self, method, path, body=None):
        request = urllib.request.Request(  # noqa: S310 -- our own server
            self.access["base_url"] + path,
            json.dumps(body).encode() if body else None,
            {"Authorization": f"Bearer {self.access['token']}", "Content-Type": "application/scim+json"},
            method=method,
        )
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            return json.load(answer)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with ExitStack() as ends:
        cluster = ends.enter_context(postgres.cluster())
        with psycopg.connect(cluster.url, autocommit=True) as connection:
            for name, value in SETTINGS.items():
                connection.execute(f"ALTER ROLE postgres SET {name} = '{value}'".encode())
        url = ends.enter_context(bouncer(cluster, connections=2))
        yield Site(ends.enter_context(demo_server(tmp_path_factory.mktemp("role"), url)), cluster)


@pytest.fixture(params=["PgBouncer", "PostgreSQL"])
def manage(site, request):
    """Commands through PgBouncer, or directly."""
    if request.param == "PgBouncer":
        yield site.server.commands
    else:
        with commands(site.server.environment | {"DATABASE_URL": site.cluster.url}) as direct:
            yield direct


def test_the_settings_are_those_of_the_role(site):
    with psycopg.connect(site.cluster.url) as connection:
        found = {name: connection.execute(f"SHOW {name}".encode()).fetchone()[0] for name in SETTINGS}
    # libpq says its own date style and encoding.
    assert {name for name in SETTINGS if found[name] != SETTINGS[name]} <= {"datestyle", "client_encoding"}


def test_times_are_read_and_locks_are_those_that_we_rely_on(manage):
    style, isolation, made = json.loads(manage.run("shell", "--no-imports", "-c", ASKED).splitlines()[-1])
    assert (style.partition(",")[0], isolation) == ("ISO", "read committed")
    assert timedelta(0) < datetime.now(UTC) - datetime.fromisoformat(made) < timedelta(hours=1)


def test_the_server_stores_and_reads_people_with_their_times_and_names(site):
    sent = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "zoë\\ł'@acme.example"}
    made = site.scim("POST", "/Users", sent)
    assert site.scim("GET", f"/Users/{made['id']}") == made
    found = site.scim("GET", "/Users?filter=meta.created%20ge%20%22" + made["meta"]["created"] + "%22")
    assert [each["userName"] for each in found["Resources"]] == [sent["userName"]]
