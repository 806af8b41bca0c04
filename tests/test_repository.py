"""What holds for the repository as a whole."""

import re
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from django.core.management import call_command
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.commands import PROJECT, outer_environment

PYPROJECT = PROJECT / "pyproject.toml"
LOCKS = {"dependencies": PROJECT / "requirements.txt", "tests": PROJECT / "tests" / "requirements.txt"}
TOP_LEVEL = {
    "manage.py", "pyproject.toml", "workspace", "authentication", "provisioning", "templates", "static", "tests",
    "README.md", "Makefile", "requirements.txt",
}  # fmt: skip
MOST_LINES = 450  # of a test file: it is read from its first line to its last


def run(*command: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """A command in the repository, as from a terminal of its own."""
    environment = outer_environment() | variables
    return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def files() -> list[Path]:
    """Every file that belongs to the repository, committed or about to be."""
    listed = run("git", "-c", "safe.directory=*", "ls-files", "-co", "--exclude-standard")
    if listed.returncode:
        pytest.skip("Not a git checkout")
    return [path for name in listed.stdout.splitlines() if (path := PROJECT / name).is_file()]


def files_of_tests(pattern: str = "test_*.py") -> list[Path]:
    return list((PROJECT / "tests").rglob(pattern))


def locked(lock: Path) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)(?:\[[\w, ]+\])?==([^ ;\\]+)", lock.read_text(), re.MULTILINE))


@pytest.mark.django_db
def test_every_change_of_a_model_has_its_migration():
    call_command("makemigrations", "--check", "--dry-run", verbosity=1)


def test_imports_keep_their_direction_and_protocol_code_stays_pure():
    checked = run(Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_an_installation_behind_https_passes_the_deployment_checks(tmp_path):
    settings = {"ORIGIN": "https://admin.example.com", "DATA_DIR": str(tmp_path)}
    checked = run(sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING", **settings)
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("lock", LOCKS.values(), ids=LOCKS)
def test_a_lock_names_a_hash_for_everything_and_no_package_index(lock):
    text = lock.read_text()
    blocks = re.split(r"^(?=[\w.-]+==)", text, flags=re.MULTILINE)[1:]
    assert blocks
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert not re.search(r"://|--(extra-)?index-url|--find-links|--trusted-host", text)


def test_the_locks_have_what_pyproject_asks_for_and_agree_with_each_other():
    project = tomllib.loads(PYPROJECT.read_text())
    runs, tests = (locked(lock) for lock in LOCKS.values())
    wanted = project["project"]["dependencies"] + project["dependency-groups"]["test"]
    for requirement in map(Requirement, wanted):
        version = (runs | tests).get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement} is not locked; run: make lock"
        assert requirement.specifier.contains(version), f"{requirement} is locked as {version}; run: make lock"
    assert {name: version for name, version in tests.items() if runs.get(name, version) != version} == {}


def test_the_locks_keep_the_extras_that_pyproject_asks_for():
    project = tomllib.loads(PYPROJECT.read_text())
    text = "".join(lock.read_text() for lock in LOCKS.values())
    wanted = map(Requirement, project["project"]["dependencies"] + project["dependency-groups"]["test"])
    named = {f"{each.name}[{', '.join(sorted(each.extras))}]==" for each in wanted if each.extras}
    assert [name for name in named if f"\n{name}" not in text] == []


def test_every_dependency_says_what_it_is_for():
    lines = re.findall(r'^    "\w[\w.-]*(?:\[[\w,]+\])?[~=><!].*$', PYPROJECT.read_text(), re.MULTILINE)
    project = tomllib.loads(PYPROJECT.read_text())
    assert len(lines) == len(project["project"]["dependencies"]) + len(project["dependency-groups"]["test"])
    assert [line for line in lines if not re.search(r'",\s*# \w', line)] == []


def test_the_top_level_holds_only_what_the_layout_names(files):
    names = {path.relative_to(PROJECT).parts[0] for path in files}
    assert {name for name in names if not name.startswith(".")} <= TOP_LEVEL


def test_every_path_that_contributors_are_told_exists():
    text = (PROJECT / ".github" / "CONTRIBUTING.md").read_text()
    paths = re.findall(r"`([\w.-]+/[\w./-]*|[\w-]+\.(?:md|toml|txt))`|(tests/[\w/]+\.py)", text)
    named = {name for pair in paths for name in pair if name}
    assert len(named) > 20
    assert {name for name in named if not (PROJECT / name).exists()} == set()


def test_no_test_file_is_too_long_to_be_read():
    lengths = {path.relative_to(PROJECT): len(path.read_text().splitlines()) for path in files_of_tests()}
    assert {path: length for path, length in lengths.items() if length > MOST_LINES} == {}


def test_no_test_imports_a_module_of_tests():
    """What several tests share is in plain modules and in the app's conftest.py."""
    statement = re.compile(r"^\s*(?:from|import) .*\btest_\w+", re.MULTILINE)
    found = {path.relative_to(PROJECT): statement.findall(path.read_text()) for path in files_of_tests("*.py")}
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_no_file_names_a_place_of_somebodys_machine(files):
    place = re.compile(rb"/(?:root|home/\w+|Users/\w+)/|" + re.escape(f"{PROJECT}/".encode()))
    found = {path.relative_to(PROJECT): place.findall(path.read_bytes()) for path in files}
    assert {name: places for name, places in found.items() if places} == {}


def test_serving_on_a_taken_port_says_so():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = run("make", "port", f"PORT={port}")
    assert refused.returncode != 0
    assert f"Port {port} is taken" in refused.stderr
    assert run("make", "port", f"PORT={port}").returncode == 0


def test_the_address_that_is_served_is_kept_for_other_commands_unless_one_is_set(tmp_path):
    kept = tmp_path / "data" / "origin"
    record = ("make", "origin", "PORT=8321", f"DATA_DIR={kept.parent}")
    assert run(*record, ORIGIN="https://admin.example.com").returncode == 0
    assert not kept.exists()
    assert run(*record).returncode == 0
    assert kept.read_text() == "http://127.0.0.1:8321\n"


def test_ci_runs_make_test_and_lets_no_browser_test_be_left_out():
    script = (PROJECT / ".ci" / "run").read_text()
    assert "export CI=true" in script
    assert script.rstrip().endswith("make test")


def test_each_line_of_the_security_of_sign_in_has_a_test_named_after_it():
    """S1 to S18, what must hold of SAML sign-in: their tests begin with `test_s1_` to `test_s18_`."""
    sources = "".join(path.read_text() for path in files_of_tests())
    named = {int(line) for line in re.findall(r"^def test_s(\d+)_", sources, re.MULTILINE)}
    assert named == set(range(1, 19))


def test_no_line_of_a_template_is_longer_than_120_characters(files):
    templates = [path for path in files if path.is_relative_to(PROJECT / "templates")]
    lines = [(path.name, line) for path in templates for line in path.read_text().splitlines()]
    assert lines
    assert [(name, line) for name, line in lines if len(line) > 120] == []


def test_no_code_is_unused():
    """Names that a framework looks up are listed in pyproject.toml, each with its reason."""
    from tests.measure import unused

    assert [str(place) for place in unused()] == []
