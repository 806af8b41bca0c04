"""What the tests of authentication start from."""

from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from authentication.actions.policies import switch_saml
from authentication.models import IdentityProvider
from tests import factories
from tests.authentication.end_users import environments, person
from tests.authentication.logouts import BY_REDIRECT
from tests.authentication.ways import IDP, Way, connect, way
from tests.authentication.wizard import details, url
from workspace.events import SYSTEM
from workspace.models import EndUser, Environment

_keys: dict[int, list[rsa.RSAPrivateKey]] = {}  # by size


@pytest.fixture(autouse=True)
def prepared_keys(request, monkeypatch) -> None:
    """Give tests RSA keys that were made before: making one takes up to a second.

    The keys of one test differ from each other and from all keys that modules make. Races need the time that a real
    key takes.
    """
    if "transactional_db" in request.fixturenames:
        return
    generate, drawn = rsa.generate_private_key, Counter[int]()

    def draw(public_exponent: int, key_size: int) -> rsa.RSAPrivateKey:
        prepared = _keys.setdefault(key_size, [])
        if drawn[key_size] == len(prepared):
            prepared.append(generate(public_exponent, key_size))
        drawn[key_size] += 1
        return prepared[drawn[key_size] - 1]

    monkeypatch.setattr(rsa, "generate_private_key", draw)


@pytest.fixture
def places() -> list[Environment]:
    """DEV, TEST and PROD of a new workspace."""
    return environments()


@pytest.fixture
def okta(places) -> Way:
    """The way through an identity provider into TEST."""
    return way(places[1], idp=IDP)


@pytest.fixture
def ada(places) -> EndUser:
    """A person with a password and access everywhere."""
    return person(*places)


@pytest.fixture
def single_logout(okta) -> None:
    """Let `okta` sign people out too."""
    connect(okta.environment_provider, okta.idp, slo=BY_REDIRECT)
    okta.environment_provider.identity_provider.refresh_from_db()


@pytest.fixture
def dev(db) -> Environment:
    environment = factories.workspace().environments.get(slug="dev")
    switch_saml(environment=environment, is_enabled=True, by=SYSTEM)
    return environment


@pytest.fixture
def admin(client, dev):
    return factories.sign_in(client, factories.administrator(dev.workspace, "admin"))


@pytest.fixture
def draft(admin) -> IdentityProvider:
    """A provider after step 1."""
    admin.post(url("provider-create"), details())
    return IdentityProvider.objects.get()


@pytest.fixture
def step2(admin, draft):
    """Answers step 2 of the draft."""

    def answer(answers: dict):
        return admin.post(url("provider-connect", provider=draft.pk), answers)

    return answer


@pytest.fixture
def publisher(settings) -> Iterator[ThreadingHTTPServer]:
    """An IdP in a network that the operator allows; `answer` is (status, body)."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            status, body = self.server.answer
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    settings.METADATA_PRIVATE_HOSTS = frozenset({f"127.0.0.1:{server.server_port}"})
    Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()
