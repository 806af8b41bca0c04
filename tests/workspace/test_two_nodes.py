"""Two nodes at one PostgreSQL behind PgBouncer and a load balancer: what one does, the other knows at once."""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from itertools import cycle
from urllib.parse import quote, urlsplit

import psycopg
import pytest

from tests import postgres
from tests.bouncer import PROGRAM, bouncer
from tests.nodes import Access, Browser, Load, send, two_nodes, wait_until
from tests.scim import PATCH_OP
from tests.server import PROJECT
from workspace.models.throttling import FREE_ATTEMPTS
from workspace.scheduling import TASKS

pytestmark = pytest.mark.skipif(
    "DATABASE_URL" not in os.environ or not PROGRAM, reason="needs PostgreSQL and PgBouncer: make test installs them"
)

OWNER = "owner@acme.example"
LONGEST_RECOVERY = 5.0


class Site:
    """The nodes, what is before and behind them, and questions to the database."""

    def __init__(self, nodes, balancer, cluster):
        self.a, self.b = self.nodes = nodes
        self.balancer, self.cluster = balancer, cluster
        self.password = next(
            each["password"] for each in self.a.server.demo()["administrators"] if each["email"] == OWNER
        )

    def connection(self, name):
        access = self.a.server.demo("--empty-scim", name)
        return Access(urlsplit(access["base_url"]).path, access["token"])

    def owner(self, node):
        """A browser that signed in on this node."""
        browser = Browser()
        assert browser.post(node, "/sign-in/", email=OWNER, password=self.password).status == 302
        return browser

    def token_page(self, access):
        """The path of the pages of a connection's token."""
        query = (
            "SELECT identity_provider_id, t.id FROM authentication_environmentprovider p"
            " JOIN provisioning_provisioningconnection c ON c.environment_provider_id = p.id"
            " JOIN provisioning_scimtoken t ON t.connection_id = c.id WHERE c.id = %s"
        )
        ((provider, token),) = self.rows(query, access.base.split("/")[2])
        return f"/workspaces/acme/dev/authentication/providers/{provider}/provisioning/tokens/{token}"

    def rows(self, query, *values):
        with psycopg.connect(self.cluster.url) as connection:
            return connection.execute(query, values).fetchall()

    def lost(self, load):
        """The acknowledged users that are not there."""
        found = {name for (name,) in self.rows("SELECT user_name FROM provisioning_provisioneduser")}
        return set(load.names) - found


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    directory = tmp_path_factory.mktemp("nodes")
    with (
        postgres.cluster() as cluster,
        bouncer(cluster, connections=2) as url,
        two_nodes(directory, url) as (nodes, balancer),
    ):
        yield Site(nodes, balancer, cluster)


@pytest.fixture
def load(site, request):
    """Clients of the balancer that create users."""
    return Load(site.balancer.address, site.connection(request.node.name[:40]))


PAGE = "/workspaces/acme/dev/end-users/"


def test_a_session_works_on_both_nodes_and_its_end_holds_on_both_at_once(site):
    first, second, third = (site.owner(node) for node in (site.a, site.a, site.b))
    assert [first.get(node, PAGE).status for node in site.nodes] == [200, 200]
    cookies = dict(first.cookies)
    assert first.post(site.a, "/sign-out/", page="/account/").status == 302
    first.cookies = cookies
    assert [first.get(node, PAGE).status for node in reversed(site.nodes)] == [302, 302]
    assert third.post(site.b, "/account/sessions/end/", page="/account/").status == 302
    assert [second.get(node, PAGE).status for node in site.nodes] == [302, 302]


def test_failed_sign_ins_count_together(site):
    turns = cycle(site.nodes)

    def is_refused():
        answer = Browser().post(next(turns), "/sign-in/", email="a@acme.example", password="wrong")
        return b"Too many attempts" in answer.content

    counts = "SELECT count(*), sum(attempts) FROM workspace_signinthrottle"
    ((accounts, attempts),) = site.rows(counts)
    assert not any(is_refused() for _ in range(FREE_ATTEMPTS - 1))
    assert site.rows(counts) == [(accounts + 1, attempts + FREE_ATTEMPTS - 1)]
    wait_until(is_refused)


def test_a_token_is_shown_again_by_the_other_node_and_once_revoked_refused_by_both(site):
    access = site.connection("Revoked")
    browser, page = site.owner(site.a), site.token_page(access)
    assert [access.call(node.address, "GET", "/Users").status for node in site.nodes] == [200, 200]
    assert access.token.encode() in browser.post(site.b, f"{page}/reveal/", password=site.password).content
    assert browser.post(site.b, f"{page}/revoke/").status == 302
    assert [access.call(node.address, "GET", "/Users").status for node in site.nodes] == [401, 401]


def test_a_token_of_the_api_works_on_both_nodes_until_one_revokes_it(site):
    browser, pages = site.owner(site.a), "/workspaces/acme/dev/api-tokens/"
    form = {"name": "Both nodes", "where": "all", "ends": "90", "scope-end-users": "read"}
    assert browser.post(site.a, f"{pages}new/", **form).status == 302
    clear = re.search(rb"api_[a-z0-9]{10}_[\w-]{43}", browser.get(site.b, pages).content)[0].decode()

    def statuses():
        headers = {"Authorization": f"Bearer {clear}"}
        return [send(node.address, "GET", "/api/v1/end-users", **headers).status for node in site.nodes]

    assert statuses() == [200, 200]
    ((token,),) = site.rows("SELECT id FROM workspace_apitoken WHERE name = 'Both nodes'")
    assert browser.post(site.b, f"{pages}{token}/revoke/").status == 302
    assert statuses() == [401, 401]


def test_a_list_that_one_node_began_goes_on_at_the_other(site):
    access = site.connection("Cursors")
    for name in "abc":
        access.call(site.a.address, "POST", "/Users", {"userName": f"{name}@acme.example"})
    first = access.call(site.a.address, "GET", "/Users?count=2&cursor=").json
    second = access.call(site.b.address, "GET", f"/Users?count=2&cursor={quote(first['nextCursor'])}").json
    assert [len(page["Resources"]) for page in (first, second)] == [2, 1]


def test_clients_that_share_two_connections_of_the_database_lose_nothing(site):
    access = site.connection("Shared")

    def push(place):
        call = partial(access.call, site.nodes[place % 2].address)
        for number in range(12):
            path = f"/Users/{call('POST', '/Users', {'userName': f'{place}.{number}@acme.example'}).json['id']}"
            off = {"op": "replace", "path": "active", "value": False}
            call("PATCH", path, {"schemas": [PATCH_OP], "Operations": [off]})
            assert not call("GET", path).json["active"]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(push, range(8)))
    assert access.call(site.a.address, "GET", "/Users?count=1").json["totalResults"] == 8 * 12
    assert not any("Traceback" in node.server.log.read_text() for node in site.nodes)


def test_each_job_runs_in_one_of_two_schedulers(site):
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda node: node.server.commands.run("jobs", "--once").split("\n"), site.nodes)
    # Shorter ones may have been due once more.
    once = {name for name, task in TASKS.items() if task.every >= timedelta(hours=1)}
    assert sorted(name for name in first + second if name in once) == sorted(once) != []


def test_a_node_with_another_key_refuses_to_serve_and_says_which(site):
    other = site.a.server.environment | {"SECRET_KEY": "another", "PORT": "1"}
    refused = subprocess.run(
        ["make", "serve", f"VENV={sys.prefix}"], cwd=PROJECT, env=other, capture_output=True, text=True, check=False
    )
    assert refused.returncode != 0 and "SECRET_KEY is not the one" in refused.stderr


def test_a_rolling_restart_fails_no_request(site, load):
    with load.running("rolling"):
        for node in site.nodes:
            load.wait_for(10)
            node.stop()
            load.wait_for(20)
            node.start()
            wait_until(lambda node=node: site.balancer.ready == site.nodes)
        load.wait_for(20)
    assert load.statuses() == {201} and not site.lost(load)


def test_what_was_acknowledged_outlives_the_node(site, load):
    with load.running("killed"):
        load.wait_for(40)
        site.b.kill()
        load.wait_for(40)
        failed = [answer for answer in load.answers if answer.status != 201]
        site.b.start()
    assert len(failed) <= 4 and not site.lost(load)


def test_a_restarted_database_is_a_503_that_says_when_to_come_back(site, load):
    with load.running("restarted"):
        load.wait_for(40)
        site.cluster.stop()
        wait_until(lambda: sum(answer.status == 503 for answer in load.answers) >= 20)
        site.cluster.start()
        acknowledged = len(load.names)
        assert wait_until(lambda: len(load.names) > acknowledged) < LONGEST_RECOVERY
        load.wait_for(40)
    assert load.statuses() == {201, 503} and not site.lost(load)
    assert {answer.headers["Retry-After"] for answer in load.answers if answer.status == 503} == {"5"}
