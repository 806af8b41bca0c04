"""Several nodes: the same keys, trusted proxies, and what a node must have before requests come to it."""

import runpy
import secrets
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from threading import Event

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db.migrations.recorder import MigrationRecorder
from django.test import RequestFactory

from authentication.actions.service_provider import ensure_signing_key
from tests import factories
from workspace import crypto, installation, key_ring, start
from workspace import settings as settings_module
from workspace.mail import mail
from workspace.management.commands import release
from workspace.models import KeyRing, User
from workspace.models.second_factors import AuthenticatorApp
from workspace.visits import client_address, is_trusted


@pytest.fixture
def keys(settings):
    """Give this node keys: keys("new", "old")."""

    def give(*names, secret_key="one secret key"):
        settings.SECRETS_KEYS, settings.SECRET_KEY = list(names), secret_key

    give("old")
    return give


def app_of(email="owner@acme.example", key="JBSWY3DPEHPK3PXP"):
    return AuthenticatorApp.objects.create(
        user=User.objects.create_user(email), sealed_key=crypto.seal(key), last_step=0
    )


@pytest.mark.django_db
class TestKeys:
    def test_a_node_with_the_same_keys_joins(self, keys):
        key_ring.join()
        key_ring.join()
        assert KeyRing.objects.count() == 1

    @pytest.mark.parametrize(
        ("names", "secret_key", "variable"),
        [(["old"], "another", "SECRET_KEY is not"), (["other"], "one secret key", "SECRETS_KEYS lacks")],
    )
    def test_one_with_others_refuses_to_start_and_names_the_variable(self, keys, names, secret_key, variable):
        key_ring.join()
        keys(*names, secret_key=secret_key)
        with pytest.raises(ImproperlyConfigured, match=variable):
            start.check_node()

    def test_no_key_stands_in_the_database(self, keys):
        key_ring.join()
        row = str(list(KeyRing.objects.values()))
        assert "old" not in row and "one secret key" not in row

    def test_a_new_key_comes_first_and_then_every_node_needs_it(self, keys):
        key_ring.join()
        keys("new", "old")
        key_ring.join()
        keys("old")
        with pytest.raises(ImproperlyConfigured, match="SECRETS_KEYS lacks"):
            key_ring.join()
        keys("old", "new")
        key_ring.join()

    def test_an_old_key_may_go_only_after_the_rotation(self, keys):
        app = app_of()
        key_ring.join()
        keys("new")
        with pytest.raises(ImproperlyConfigured, match="SECRETS_KEYS lacks"):
            key_ring.join()
        keys("new", "old")
        key_ring.join()
        call_command("rotate_keys")
        keys("new")
        key_ring.join()
        app.refresh_from_db()
        assert crypto.unseal(app.sealed_key) == "JBSWY3DPEHPK3PXP"

    def test_a_rotation_seals_every_kind_of_secret_anew_and_twice_changes_nothing(self, keys, capsys):
        place = factories.workspace()
        use = factories.identity_provider(place.environments.get(slug="dev"))
        factories.scim_token(use)
        ensure_signing_key(place, now=use.created_at)
        app_of()
        mail(["ada@acme.example"], "Hello", "emails/account_password.txt", {"link": "https://once"}).save()
        keys("new", "old")
        call_command("rotate_keys")
        told = capsys.readouterr().out
        assert told.count(": 1 sealed anew") == 4
        for model, column in key_ring.sealed_columns():
            for sealed in model._base_manager.exclude(**{column: ""}).values_list(column, flat=True):
                assert crypto.sealed_by(sealed) == crypto.key_id("new")
        call_command("rotate_keys")
        assert ": 1 sealed anew" not in capsys.readouterr().out

    def test_what_no_key_opens_is_counted_and_its_key_stays_required(self, keys):
        app_of()
        key_ring.join()
        keys("new")
        with pytest.raises(CommandError, match="1 secrets could not be opened"):
            call_command("rotate_keys")
        with pytest.raises(ImproperlyConfigured, match="SECRETS_KEYS lacks"):
            key_ring.join()

    def test_many_rows_are_rotated_in_batches(self, keys, monkeypatch):
        monkeypatch.setattr(key_ring, "_BATCH", 2)
        for number in range(5):
            app_of(f"a{number}@acme.example")
        keys("new", "old")
        assert sum(each.resealed for each in key_ring.rotate()) == 5

    def test_another_secret_key_is_taken_on_purpose(self, keys):
        key_ring.join()
        keys("old", secret_key="another")
        call_command("rotate_keys")
        key_ring.join()


@pytest.mark.django_db
class TestReady:
    def test_a_node_that_has_everything_is_ready(self, client):
        assert client.get("/readyz").content == b"ok\n"

    def test_missing_migrations_are_told(self, client):
        MigrationRecorder.Migration.objects.filter(app="workspace").order_by("-id")[0].delete()
        response = client.get("/readyz")
        assert response.status_code == 503 and b"1 migrations are missing. Run make release." in response.content

    def test_a_node_that_is_about_to_stop_is_not_ready(self, client, monkeypatch, tmp_path):
        monkeypatch.setenv("DRAINING", str(tmp_path / "draining"))
        assert client.get("/readyz").status_code == 200
        (tmp_path / "draining").touch()
        assert client.get("/readyz").content == b"This node is about to stop.\n"

    @pytest.mark.parametrize("path", ["/livez", "/readyz"])
    def test_a_load_balancer_may_ask_by_the_address_of_the_node(self, client, path):
        assert client.get(path, HTTP_HOST="10.0.0.5:8000").status_code == 200
        assert client.get("/sign-in/", HTTP_HOST="10.0.0.5:8000").status_code == 400

    def test_missing_static_files_are_told(self, client, monkeypatch):
        monkeypatch.setattr(start.staticfiles_storage, "hashed_files", {}, raising=False)
        assert b"The static files are missing. Run make release." in client.get("/readyz").content

    def test_other_keys_than_those_of_the_installation_are_told(self, client, keys):
        key_ring.join()
        keys("other")
        response = client.get("/readyz")
        assert response.status_code == 503 and b"SECRETS_KEYS lacks" in response.content


@pytest.mark.django_db
def test_of_two_releases_at_once_one_works_and_the_other_says_that_it_waits(monkeypatch):
    done, told, others, releases = [], Event(), [], iter(["first", "second"])

    class Output(StringIO):
        def write(self, text):
            told.set()
            return done.append(text.strip())

    def run():
        call_command("release", stdout=Output())

    def work(command, **options):
        if command == "migrate":
            done.append(next(releases))
            if done == ["first"]:
                others.append(pool.submit(run))
                assert told.wait(10)
        done.append(command)

    monkeypatch.setattr(release, "call_command", work)
    with ThreadPoolExecutor(1) as pool:
        run()
    others[0].result(10)
    waiting = "Another release is running. Waiting for it."
    assert done == ["first", waiting, "migrate", "collectstatic", "second", "migrate", "collectstatic"]


class TestProxies:
    @pytest.fixture
    def address(self, settings):
        """The address of a client: address(remote, forwarded, trusted)."""

        def of(remote, forwarded, *trusted):
            settings.TRUSTED_PROXIES = [installation.ip_network(each) for each in trusted]
            is_trusted.cache_clear()
            return client_address(RequestFactory().get("/", REMOTE_ADDR=remote, HTTP_X_FORWARDED_FOR=forwarded))

        yield of
        is_trusted.cache_clear()

    @pytest.mark.parametrize(
        ("remote", "forwarded", "trusted", "client"),
        [
            ("10.0.0.7", "203.0.113.9", ["10.0.0.7"], "203.0.113.9"),
            ("10.0.0.7", "203.0.113.9, 10.1.2.3", ["10.0.0.7", "10.1.0.0/16"], "203.0.113.9"),
            # What a client wrote itself stands before what the proxy added.
            ("10.0.0.7", "192.0.2.1, 203.0.113.9", ["10.0.0.7"], "203.0.113.9"),
            ("203.0.113.9", "192.0.2.1", ["10.0.0.7"], "203.0.113.9"),
            ("203.0.113.9", "192.0.2.1", [], "203.0.113.9"),
            ("10.0.0.7", "", ["10.0.0.7"], "10.0.0.7"),
            ("10.0.0.7", "unknown", ["10.0.0.7"], "10.0.0.7"),
            ("10.0.0.7", "10.0.0.7, 10.0.0.7", ["10.0.0.7"], "10.0.0.7"),
            ("fd00::1", "2001:db8::9", ["fd00::/8"], "2001:db8::9"),
            ("", "203.0.113.9", ["10.0.0.7"], None),
        ],
    )
    def test_the_client_is_the_last_address_that_is_no_proxy_of_ours(self, address, remote, forwarded, trusted, client):
        assert address(remote, forwarded, *trusted) == client

    @pytest.mark.parametrize(("remote", "is_secure"), [("10.0.0.7", True), ("203.0.113.9", False)])
    @pytest.mark.django_db
    def test_only_a_proxy_of_ours_says_that_a_request_came_by_https(self, client, settings, remote, is_secure):
        settings.TRUSTED_PROXIES = [installation.ip_network("10.0.0.7")]
        settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
        is_trusted.cache_clear()
        response = client.get("/sign-in/", REMOTE_ADDR=remote, HTTP_X_FORWARDED_PROTO="https")
        assert response.wsgi_request.is_secure() is is_secure
        is_trusted.cache_clear()


class TestVariables:
    @pytest.mark.parametrize("missing", ["ORIGIN", "SECRET_KEY", "SECRETS_KEYS"])
    def test_with_a_shared_database_what_nodes_share_must_be_given(self, monkeypatch, missing):
        for name in ("ORIGIN", "SECRET_KEY", "SECRETS_KEYS"):
            monkeypatch.setenv(name, secrets.token_hex(8))
        monkeypatch.delenv(missing)
        with pytest.raises(ImproperlyConfigured, match=f"Set {missing}: with DATABASE_URL"):
            installation.require_shared("ORIGIN", "SECRET_KEY", "SECRETS_KEYS")

    @pytest.mark.parametrize(("nodes", "rate"), [("1", 300), ("2", 150), ("100", 50)])
    def test_the_rate_of_a_scim_token_is_divided_by_the_nodes_down_to_what_an_idp_needs(self, monkeypatch, nodes, rate):
        monkeypatch.setenv("NODES", nodes)
        monkeypatch.setenv("SCIM_REQUESTS_PER_SECOND", "300")
        assert runpy.run_path(settings_module.__file__)["SCIM_REQUESTS_PER_SECOND"] == rate

    def test_a_wrong_network_is_named_with_an_example(self, monkeypatch):
        monkeypatch.setenv("TRUSTED_PROXIES", "10.0.0.7, proxy.example")
        with pytest.raises(ImproperlyConfigured, match=r"TRUSTED_PROXIES is wrong: 'proxy.example'.*10\.1\.0\.0/16"):
            installation.networks("TRUSTED_PROXIES")
