"""S12: the deadline of the safe fetcher, and TLS."""

import socket
import ssl
from time import monotonic, sleep

import pytest

from tests.authentication.certificates import issue_server_certificate
from tests.authentication.loopback import ANSWER, METADATA, OK, Server, get, redirecting, resolving, sending, serving
from workspace import outgoing as fetch
from workspace.outgoing import UNREACHABLE, fetch_metadata

# Time


def silent(connection: socket.socket) -> None:
    """Say nothing until the client leaves, or for longer than it may wait."""
    connection.settimeout(4)
    connection.recv(1)


SLOW = {
    "headers drip": [b"HTTP/1.1 200 OK\r\n"] + [b"A: b\r\n"] * 90,
    "a header line drips": [b"HTTP/1.1 200 OK\r\nA: "] + [b"b"] * 500,
    "status drips": [b"H", b"T", b"T", b"P"] + [b" "] * 500,
    "body drips": [OK + b"Content-Length: 9999\r\n\r\n"] + [b"x"] * 500,
    "chunks drip": [OK + b"Transfer-Encoding: chunked\r\n\r\n"] + [b"1\r\nx\r\n"] * 500,
    "endless 100 Continue": [b"HTTP/1.1 100 Continue\r\n\r\n"] * 500,
}


@pytest.mark.parametrize("slow", ["silent", *SLOW])
def test_s12_the_deadline_holds_against_every_slow_answer(slow):
    with serving(sending(*SLOW[slow], pause=0.1) if slow in SLOW else silent) as server:
        started = monotonic()
        result = get(server, deadline=0.3)
        elapsed = monotonic() - started
    assert result.error == UNREACHABLE
    assert 0.25 < elapsed < 3


def test_s12_the_deadline_holds_for_redirects_together():
    def slowly(connection: socket.socket) -> None:
        sleep(1)
        redirecting("/")(connection)

    with serving(slowly) as server:
        started = monotonic()
        assert get(server, deadline=1.5).error == UNREACHABLE
        assert monotonic() - started < 3


def test_s12_the_deadline_holds_against_a_slow_resolver():
    started = monotonic()
    result = fetch_metadata("https://idp.example/", resolve=lambda *args, **kwargs: sleep(3), deadline=0.2)
    assert result.error == UNREACHABLE
    assert monotonic() - started < 2


def test_s12_the_deadline_holds_against_a_silent_tls_handshake():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        started = monotonic()
        host = f"127.0.0.1:{listener.getsockname()[1]}"
        result = fetch_metadata(f"https://{host}/", allowed_hosts=frozenset({host}), deadline=0.3)
    assert result.error == UNREACHABLE
    assert monotonic() - started < 3


def test_s12_the_deadline_holds_for_connection_and_tls_together(monkeypatch):
    class Slow(socket.socket):
        def connect(self, address):
            sleep(2)
            super().connect(address)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setattr(fetch.socket, "socket", Slow)
        started = monotonic()
        host = f"127.0.0.1:{listener.getsockname()[1]}"
        fetch_metadata(f"https://{host}/", allowed_hosts=frozenset({host}), deadline=2.2)
        assert monotonic() - started < 3.8  # two limits of their own would take 4.2


# TLS


@pytest.fixture
def tls(tmp_path, monkeypatch) -> ssl.SSLContext:
    """A server context for the name idp.test; its CA is trusted the way an operator would do it."""
    ca_file, chain_file = issue_server_certificate(tmp_path, "idp.test")
    monkeypatch.setenv("SSL_CERT_FILE", str(ca_file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain_file)
    return context


def get_tls(server: Server, host: str):
    name = f"{host}:{server.port}"
    return fetch_metadata(f"https://{name}/", allowed_hosts=frozenset({name}), resolve=resolving("127.0.0.1"))


def test_s12_over_tls_the_name_goes_into_sni_and_host_and_the_certificate_is_verified_for_it(tls):
    with serving(sending(ANSWER), tls) as server:
        assert get_tls(server, "idp.test").body == METADATA
    assert server.names == ["idp.test"]
    assert f"\r\nHost: idp.test:{server.port}\r\n" in server.requests[0]


def test_s12_a_certificate_of_another_name_is_refused(tls):
    with serving(sending(ANSWER), tls) as server:
        assert get_tls(server, "other.test").error == UNREACHABLE
    assert server.requests == []


def test_s12_a_certificate_of_an_unknown_ca_is_refused(tls, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    with serving(sending(ANSWER), tls) as server:
        assert get_tls(server, "idp.test").error == UNREACHABLE
    assert server.requests == []


def test_s12_the_deadline_holds_for_a_body_that_drips_over_tls(tls):
    parts = [OK + b"Content-Length: 9999\r\n\r\n"] + [b"x"] * 100
    with serving(sending(*parts, pause=0.1), tls) as server:
        name = f"idp.test:{server.port}"
        started = monotonic()
        result = fetch_metadata(
            f"https://{name}/", allowed_hosts=frozenset({name}), resolve=resolving("127.0.0.1"), deadline=0.4
        )
        assert monotonic() - started < 3
    assert result.error == UNREACHABLE
