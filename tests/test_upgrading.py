"""An upgrade carries everything over, and the older release works on the newer database, so that it can come back."""

import json
import subprocess
import sys

import pytest
from django.db import connection, migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.loader import MigrationLoader

from tests.commands import PROJECT, outer_environment
from tests.databases import fresh_database
from tests.upgrading import APPS, BEFORE

SHOWN = {
    "end-users": "acme person",
    "groups": "acme group",
    "authentication": "old name",
    "audit-log": "old sentence",
    "Users": '"userName": "acme person"',
}


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory):
    """What an upgraded installation answers."""
    with fresh_database() as database:
        environment = outer_environment() | database
        environment |= {
            "DATA_DIR": str(tmp_path_factory.mktemp("upgraded")),
            "ORIGIN": "http://testserver",
            "DEBUG": "1",
        }
        done = subprocess.run(
            [sys.executable, "-m", "tests.upgrading"],
            cwd=PROJECT, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_older_release_reads_what_it_wrote_and_goes_on_writing(upgraded):
    assert upgraded["models"] > 40 and upgraded["changed"] == []


def test_pages_and_scim_show_what_was_there_before(upgraded):
    for name, (status, content) in upgraded["answers"].items():
        assert status == 200 and SHOWN[name] in content, name


def test_a_newer_migration_neither_breaks_the_older_release_nor_locks_its_tables_for_long():
    """Add what is nullable or has a default of the database; fill it later; tighten it only in the release after."""
    loader = MigrationLoader(None)
    graph = loader.graph
    there = set().union(*(graph.forwards_plan(target) for target in BEFORE))
    newer = set().union(*(graph.forwards_plan(leaf) for leaf in graph.leaf_nodes() if leaf[0] in APPS)) - there
    tables = {(app, model) for app, model in graph.make_state(BEFORE).models if app in APPS}
    assert [
        f"{migration}: {operation.describe()}"
        for migration in sorted(newer)
        for operation in graph.nodes[migration].operations
        if (migration[0], table(operation)) in tables and not keeps_the_older_release(operation, migration, loader)
    ] == []


def table(operation):
    return getattr(operation, "model_name", getattr(operation, "name", "")).lower()


def keeps_the_older_release(operation, migration, loader):
    if isinstance(operation, migrations.AddField):
        return operation.field.null or operation.field.has_db_default() or operation.field.many_to_many
    if isinstance(operation, migrations.AlterField):
        return not changes_the_column(operation, migration, loader)
    return isinstance(operation, migrations.AlterModelOptions | migrations.AlterModelManagers)


def changes_the_column(operation, migration, loader):
    before = loader.project_state(migration, at_end=False)
    after = before.clone()
    operation.state_forwards(migration[0], after)
    models = [state.apps.get_model(migration[0], operation.model_name) for state in (before, after)]
    old, new = (model._meta.get_field(operation.name) for model in models)
    return BaseDatabaseSchemaEditor(connection)._field_should_be_altered(old, new)
