"""Give each test run an installation of its own, so that it never touches the developer's .data."""

import atexit
import gc
import os
import re
import shutil
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import django
import hypothesis
import pytest
import scim2_models  # noqa: F401 -- early: its classes walk up the stack while they are made
from django.conf import settings
from pytest_django import DjangoDbBlocker

from tests.commands import make_password_hashes_cheap
from tests.databases import copy_migrated, template

if TYPE_CHECKING:
    from tests.copies import Copies

# Workers of pytest-xdist inherit DATA_DIR from the process that starts them.
if "PYTEST_XDIST_WORKER" not in os.environ:
    os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="workspace-tests-")
    atexit.register(shutil.rmtree, os.environ["DATA_DIR"])
DATA_DIR = Path(os.environ["DATA_DIR"])
(DATA_DIR / "static").mkdir(exist_ok=True)  # whitenoise warns if it is missing
(DATA_DIR / "migrated").mkdir(exist_ok=True)
os.environ["MIGRATED_DIR"] = str(DATA_DIR / "migrated")

# A failing assertion shows its values in helper modules too. pytest must know before it imports them.
pytest.register_assert_rewrite(
    *(f"tests.{each}" for each in ("authentication", "browser", "provisioning", "workspace"))
)

# The host of Django's test client: a test can follow the absolute URLs in pages and answers.
os.environ["ORIGIN"] = "http://testserver"
for variable in (
    "ALLOWED_HOSTS",
    "DEBUG",
    "METADATA_PRIVATE_HOSTS",
    "REVEAL_TOKENS",
    "SCIM_REQUESTS_PER_SECOND",
    "SECRETS_KEYS",
    "SECRET_KEY",
    "TRUST_PROXY",
    "TRUSTED_PROXIES",
    "NODES",
):
    os.environ.pop(variable, None)
# Playwright's synchronous API marks this thread's event loop as running, and the ORM refuses to run in such a thread.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
# Not in pyproject.toml: pytest-django would read the settings before this file prepares them.
os.environ["DJANGO_SETTINGS_MODULE"] = "workspace.settings"
django.setup()

pytest_plugins = ["tests.server"]

# What they hold is in the code, in the routes, in files, in messages and in what pages say.
_ON_ONE_DATABASE = {
    # Who may open what, and from which workspace.
    *("test_access_control.py", "test_authentication_isolation.py", "test_isolation.py", "test_matrix.py"),
    *("test_provisioning_isolation.py", "test_recent_authentication.py", "test_recent_proof.py"),
    # Forms, and what pages say.
    *("test_branding.py", "test_compared.py", "test_erasing_pages.py", "test_error_pages.py", "test_german.py"),
    *("test_german_refusals.py", "test_get_started.py", "test_guides.py", "test_hostile_names.py"),
    *("test_import_files.py", "test_kept_forms.py", "test_languages.py", "test_login_experience.py"),
    *("test_navigation.py", "test_notes_in_words.py", "test_places.py", "test_provider_settings.py"),
    *("test_provider_test.py", "test_setup_tokens.py", "test_single_logout_settings.py"),
    *("test_wizard.py", "test_wizard_mistakes.py"),
    # Accounts of administrators, and secrets in the hands of people.
    *("test_account.py", "test_account_address.py", "test_account_passwords.py"),
    *("test_passkeys.py", "test_password_forms.py", "test_required_second_factor.py", "test_two_step.py"),
    # What messages of SAML and SCIM mean, and which are refused.
    *("test_saml_attributes.py", "test_saml_confirmations.py", "test_saml_encryption.py", "test_saml_raw_bytes.py"),
    *("test_saml_response_identity.py", "test_saml_response_times.py", "test_saml_skew.py", "test_saml_statuses.py"),
    *("test_saml_wrapping.py", "test_single_logout_bindings.py", "test_single_logout_refusals.py"),
    *("test_single_logout_whom.py", "test_sp_metadata_view.py"),
    *("test_scim_bad_input.py", "test_scim_body.py", "test_scim_dialects.py", "test_scim_discovery.py"),
    *("test_scim_errors.py", "test_scim_filter_refusals.py", "test_scim_language.py", "test_scim_latitude.py"),
    "test_scim_masking.py",
    # Programs and files beside the application, its routes and its schema.
    *("test_deploying.py", "test_logging.py", "test_loopback_idp.py", "test_methods.py"),
    *("test_practice_idp.py", "test_practice_new_provider.py", "test_practice_push.py", "test_practice_push_pages.py"),
    *("test_repository.py", "test_schema.py", "test_start.py"),
}


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Begin the database of each worker as a copy of a migrated one."""
    test = settings.DATABASES["default"]["TEST"]
    if "DATABASE_URL" in os.environ:
        test["TEMPLATE"] = template()
    else:
        copy_migrated(Path(test["NAME"]))


@pytest.fixture(scope="session")
def django_db_createdb() -> bool:
    """On SQLite, the copy is the database; on PostgreSQL, begin with none, whoever left one there."""
    return "DATABASE_URL" in os.environ


@pytest.fixture(scope="session")
def worlds(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> "Copies":
    """Copies of the workspaces acme and globex, each with people of every role and kind."""
    from tests.copies import Copies  # models exist only once Django is set up
    from tests.workspace.builders import build

    with django_db_blocker.unblock():
        return Copies(build, "acme", "globex")


@pytest.fixture(autouse=True)
def words_in_one_piece(monkeypatch):
    """Leave out the places where long words may wrap, so that a test finds an address in a page as it is."""
    from workspace import markup

    monkeypatch.setattr(markup, "LONG_WORD", re.compile("(?!)"))


@pytest.fixture(autouse=True)
def no_outage(monkeypatch):
    """Begin each test without an outage: the first answer after one asks the database, also in a test that has none."""
    from workspace import outage

    monkeypatch.setattr(outage._log, "began", None)


@pytest.fixture
def standing_clock(monkeypatch):
    """Let no time pass, so that a wait of a second does not end before a busy machine asks for it."""
    from django.utils import timezone

    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)


@pytest.fixture
def mails(mailoutbox, django_capture_on_commit_callbacks):
    """Return a function that calls a function, sends the mails that it left in the outbox, and returns them."""
    from django.utils import timezone

    from workspace.models import OutgoingMail
    from workspace.outbox import send_due

    def act(function):
        OutgoingMail.objects.all().delete()
        mailoutbox.clear()
        with django_capture_on_commit_callbacks(execute=True):
            function()
        while send_due(timezone.now()):
            pass
        return list(mailoutbox)

    return act


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is done with passwords: "encode" makes a hash, "verify" makes one to compare."""
    from django.contrib.auth.hashers import Argon2PasswordHasher

    done: list[str] = []
    for name in ("encode", "verify"):
        original = getattr(Argon2PasswordHasher, name)

        def counted(self, *args, original=original):
            done.append(original.__name__)
            return original(self, *args)

        monkeypatch.setattr(Argon2PasswordHasher, name, counted)
    return done


def pytest_configure() -> None:
    """Change settings for tests, before any database is created."""
    database = settings.DATABASES["default"]
    if database["ENGINE"] == "django.db.backends.sqlite3":
        # A file, as in production: an in-memory database has other locks, so tests with threads would prove nothing.
        database.setdefault("TEST", {})["NAME"] = str(DATA_DIR / "test.sqlite3")
    make_password_hashes_cheap()
    # How long an example takes, or finding one, depends on what else the machine does.
    is_slow = [hypothesis.HealthCheck.too_slow]
    hypothesis.settings.register_profile("tests", deadline=None, suppress_health_check=is_slow)
    hypothesis.settings.load_profile("tests")


@pytest.hookimpl(wrapper=True, tryfirst=True)  # before -m selects by mark, and after the order is shuffled
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Iterator[None]:
    """Mark the tests that drive a browser, and leave to the run on SQLite what no database changes.

    Tests that start processes come first: the workers share what is left, and none has a long one at the end.
    """
    for item in items:
        if "page" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
    if "DATABASE_URL" in os.environ:
        left_out = [item for item in items if not asks_a_database(item)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]
    yield
    items.sort(key=lambda item: not (item.get_closest_marker("browser") or starts_processes(item)))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage while tests are collected, nor later among what stays until the end."""
    gc.disable()
    result = yield
    gc.freeze()
    gc.enable()
    return result


def asks_a_database(item: pytest.Item) -> bool:
    """Say whether a test may go another way on another database, as what happens at once does."""
    if item.path.name in _ON_ONE_DATABASE and not is_of_races(item):
        return False
    if "django_db_setup" in getattr(item, "fixturenames", ()) or item.get_closest_marker("django_db"):
        return True
    return starts_processes(item)


def is_of_races(item: pytest.Item) -> bool:
    """Say whether a test is about requests at the same time."""
    return "at_once" in item.name or "transactional_db" in getattr(item, "fixturenames", ())


def starts_processes(item: pytest.Item) -> bool:
    """Say whether the file of a test starts servers or commands of ours."""
    used = {getattr(each, "__module__", "") for each in vars(getattr(item, "module", item)).values()}
    return not used.isdisjoint({"tests.commands", "tests.databases", "tests.nodes", "tests.postgres", "tests.server"})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List the browser tests that were skipped because there is no Chromium."""
    left_out = [report for report in terminalreporter.stats.get("skipped", []) if "browser" in report.keywords]
    if left_out:
        terminalreporter.section("LEFT OUT: browser tests, no Chromium found", yellow=True)
        for report in left_out:
            terminalreporter.line(report.nodeid)
