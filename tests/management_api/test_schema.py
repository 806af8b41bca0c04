"""The schema: it is valid and complete, people can read it, and programs made from it reach the API."""

import importlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.validation import validate_schema

from tests.management_api.operations import Op, operations
from tests.server import Server
from workspace.api.core.documentation import document

BIN = Path(sys.executable).parent
# Prints a token and ids of a workspace of its own.
_WORKSPACE = """
import json
from django.utils import timezone
from tests import factories
from workspace import scopes
from workspace.actions.api_tokens import issue_api_token
from workspace.events import SYSTEM
place = factories.workspace({slug!r})
dev, test, _ = place.environments.all()
owner, viewer = (factories.administrator(place, role) for role in ("owner", "viewer"))
ada = factories.end_user(dev, test)
group = factories.group(dev, ada)
_, clear = issue_api_token(workspace=place, name="Program", scopes=scopes.ALL, environments=None, expires_at=None,
    by=SYSTEM, now=timezone.now())
print(json.dumps({{"token": clear, "environment": str(dev.pk), "administrator": str(viewer.pk), "group": str(group.pk),
    "end_user": str(ada.pk)}}))
"""


def made(server: Server, slug: str) -> dict[str, str]:
    """A workspace on the server: the token of a program, and ids."""
    return json.loads(server.commands.run("shell", "--no-imports", "-c", _WORKSPACE.format(slug=slug)))


def path_of(op: Op) -> str:
    """The path as the schema writes it."""
    return "/" + op.route.pattern.replace("<uuid:", "{").replace(">", "}")


def test_it_is_valid_and_has_every_operation_with_its_scope_and_problems():
    schema = document()
    validate_schema(schema)
    assert not GENERATOR_STATS._warn_cache and not GENERATOR_STATS._error_cache
    for op in operations():
        told = schema["paths"][path_of(op)][op.method]
        assert told["operationId"] == op.described.name and f"`{op.scope}`" in told["description"]
        assert {"400", "401", "403", "429"} <= set(told["responses"]), op


@pytest.mark.django_db
def test_the_pages_show_every_operation_to_everybody_without_a_script():
    overview = Client().get("/api/v1/docs").content.decode()
    assert "cdn" not in overview and "<script>" not in overview
    links = dict(re.findall(r'<a href="(\?operation=[a-z-]+)">.*?<code>(.*?)</code>', overview, re.DOTALL))
    called = {
        f"{op.method.upper()} /{op.route.pattern.replace('<uuid:', '{').replace('>', '}')}" for op in operations()
    }
    assert set(links.values()) == called
    for link, call in links.items():
        page = Client().get(f"/api/v1/docs{link}").content.decode()
        assert f"<code>{call}</code>" in page and "curl" in page and "429" in page


@pytest.mark.django_db
def test_an_unknown_operation_has_no_page():
    assert Client().get("/api/v1/docs?operation=nothing").status_code == 404


@pytest.fixture
def fuzzed(server: Server, tmp_path: Path) -> list[str]:
    """The arguments of schemathesis, which calls the server with ids that exist."""
    ids = made(server, "fuzz")
    clear = ids.pop("token")
    config = tmp_path / "schemathesis.toml"
    config.write_text("[parameters]\n" + "".join(f'"path.{name}" = "{pk}"\n' for name, pk in ids.items()))
    checks = ["not_a_server_error", "status_code_conformance", "content_type_conformance",
              "response_schema_conformance", "response_headers_conformance"]  # fmt: skip
    # One worker: Python 3.11 cannot parse source in two threads at once, and hypothesis parses that of each lambda.
    return [
        *(str(BIN / "schemathesis"), "--config-file", str(config), "run", f"{server.origin}/api/v1/schema"),
        *("--header", f"Authorization: Bearer {clear}", "--checks", ",".join(checks)),
        *("--phases", "examples,coverage,fuzzing", "--max-examples", "1", "--max-time", "20", "--workers", "1"),
        *("--generation-deterministic", "--no-color", "--request-timeout", "20"),
    ]


def test_no_request_of_schemathesis_fails_or_is_answered_otherwise_than_the_schema_says(fuzzed, tmp_path):
    told = subprocess.run(fuzzed, capture_output=True, text=True, cwd=tmp_path, timeout=120, check=False)
    assert told.returncode == 0, told.stdout + told.stderr


def test_a_typed_client_made_from_the_schema_provisions_a_person(server: Server, tmp_path, monkeypatch):
    schema, config = tmp_path / "schema.json", tmp_path / "config.yml"
    schema.write_text(json.dumps(document()))
    config.write_text("post_hooks: []\n")
    subprocess.run(
        [BIN / "openapi-python-client", "generate", "--path", schema, "--config", config, "--meta", "none",
         "--output-path", tmp_path / "made_client"],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    monkeypatch.syspath_prepend(str(tmp_path))

    def module(name: str):
        return importlib.import_module(f"made_client.{name}")

    ids = made(server, "typed")
    with module("client").AuthenticatedClient(base_url=server.origin, token=ids["token"]) as client:
        environments = module("api.workspace_and_environments.list_environments").sync(client=client)
        dev = next(each for each in environments.items if each.name == "DEV")
        new = module("models").NewEndUser(full_name="Typed", email="typed@example.com", environments=[dev.id])
        create = module("api.end_users.create_end_user")
        person = create.sync(client=client, body=new, idempotency_key="once")
        again = create.sync(client=client, body=new, idempotency_key="once")
        assert person.id == again.id and str(person.access[0].environment) == ids["environment"]
        taken = create.sync(client=client, body=new)
        assert (taken.status, taken.code) == (409, "email_taken")
        group = module("models").GroupOfOne(group=ids["group"])
        module("api.end_user_groups.add_end_user_to_group").sync_detailed(person.id, client=client, body=group)
        found = module("api.end_users.list_end_users").sync(client=client, query="typed@example.com")
        assert [each.groups[0].name for each in found.items] == ["Support"]
