"""S12: the safe fetcher against real sockets on loopback; nothing here leaves the machine."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic, sleep

import pytest

from tests.authentication.certificates import issue_server_certificate
from workspace import outgoing as fetch
from workspace.outgoing import UNREACHABLE, USERINFO, FetchResult, fetch_metadata, is_public

OK = b"HTTP/1.1 200 OK\r\n"
METADATA = b"<EntityDescriptor/>"
ANSWER = OK + b"Content-Length: 19\r\n\r\n" + METADATA

Handler = Callable[[socket.socket], None]


def sending(*parts: bytes, pause: float = 0.0) -> Handler:
    def handle(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)
            sleep(pause)

    return handle


class Server:
    """A server on loopback that answers every connection by one handler and keeps the requests."""

    def __init__(self, handler: Handler, context: ssl.SSLContext | None = None) -> None:
        self.handler, self.context = handler, context
        self.requests: list[str] = []
        self.names: list[str | None] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        if context:
            context.sni_callback = lambda _socket, name, _context: self.names.append(name)

    def run(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                self.answer(connection)

    def answer(self, connection: socket.socket) -> None:
        try:
            stream = self.context.wrap_socket(connection, server_side=True) if self.context else connection
            with stream:
                self.requests.append(stream.recv(65536).decode())
                self.handler(stream)
        except OSError:
            pass  # the client went away, as it should in many of these tests


@contextmanager
def serving(handler: Handler, context: ssl.SSLContext | None = None) -> Iterator[Server]:
    server = Server(handler, context)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server
    finally:
        server.listener.shutdown(socket.SHUT_RDWR)
        server.listener.close()
        thread.join()


def resolving(*addresses: str) -> Callable:
    """Return a resolver that answers every name with these addresses and counts its calls."""

    def resolve(host, port, **kwargs):
        resolve.asked.append(host)
        families = [socket.AF_INET6 if ":" in address else socket.AF_INET for address in addresses]
        found = zip(families, addresses, strict=True)
        return [(family, socket.SOCK_STREAM, 6, "", (address, port)) for family, address in found]

    resolve.asked = []  # type: ignore[attr-defined]
    return resolve


def get(server: Server, path: str = "/metadata", **kwargs):
    """Fetch from a server by plain http, which the operator has allowed for it."""
    url = f"http://127.0.0.1:{server.port}{path}"
    return fetch_metadata(url, allowed_hosts=frozenset({f"127.0.0.1:{server.port}"}), **kwargs)


# Addresses


@pytest.fixture(params=[socket.AF_INET, socket.AF_INET6], ids=["IPv4", "IPv6"])
def listener(request, monkeypatch) -> Iterator[socket.socket]:
    """A listener on loopback whose port counts as the https port: only the address policy protects it."""
    # On all addresses, as 127.0.0.2 and 0.0.0.0 are among those that must not find it.
    with socket.create_server(("", 0), family=request.param) as listener:
        monkeypatch.setattr(fetch, "HTTPS_PORT", listener.getsockname()[1])
        yield listener


def was_reached(listener: socket.socket) -> bool:
    listener.settimeout(0.02)
    try:
        listener.accept()[0].close()
    except TimeoutError:
        return False
    return True


LOCAL_HOSTS = [
    "127.0.0.1",
    "127.1",
    "127.0.0.2",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "017700000001",
    "0.0.0.0",  # noqa: S104
    "0",
    "localhost",
    "LOCALHOST",
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
]


@pytest.mark.parametrize("host", LOCAL_HOSTS)
def test_s12_no_spelling_of_a_local_address_reaches_us(listener, host):
    assert fetch_metadata(f"https://{host}/").error == UNREACHABLE
    assert not was_reached(listener)


@pytest.mark.parametrize(
    "answers", [("127.0.0.1",), ("8.8.8.8", "127.0.0.1"), ("::1",), ("2606:4700::1", "::ffff:127.0.0.1")]
)
def test_s12_a_name_with_any_private_address_is_refused_whole(listener, answers):
    result = fetch_metadata("https://idp.example/", resolve=resolving(*answers))
    assert result.error == UNREACHABLE
    assert not was_reached(listener)


def test_s12_the_listener_of_these_tests_would_notice_a_connection(listener):
    host = "[::1]" if listener.family == socket.AF_INET6 else "127.0.0.1"
    fetch_metadata(f"https://{host}/", allowed_hosts=frozenset({host}), deadline=0.2)
    assert was_reached(listener)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104
        "10.1.2.3",
        "100.64.0.1",
        "100.100.100.200",
        "127.0.0.1",
        "168.63.129.16",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",
        "192.0.2.2",
        "192.31.196.1",
        "192.52.193.1",
        "192.88.99.1",
        "192.168.1.1",
        "192.175.48.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:0:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::808:808",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:2::1",
        "2001:20::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "2002:808:808::1",
        "2620:4f:8000::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%lo",
        "fec0::1",
        "ff02::1",
    ],
)
def test_s12_addresses_that_are_not_public_are_denied(address):
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8"],
)
def test_s12_public_addresses_are_not_denied(address):
    assert is_public(address)


def test_s12_the_connection_goes_to_the_address_that_was_checked(monkeypatch):
    """A name that answers differently when asked again (DNS rebinding) is never asked again."""
    connected, timeouts = [], []

    class Recorder(socket.socket):
        def settimeout(self, seconds):
            timeouts.append(seconds)

        def connect(self, address):
            connected.append(address)
            raise ConnectionRefusedError

    monkeypatch.setattr(fetch.socket, "socket", Recorder)
    resolve = resolving("8.8.8.8", "8.8.4.4")
    assert fetch_metadata("https://idp.example/", resolve=resolve).error == UNREACHABLE
    assert connected == [("8.8.8.8", 443), ("8.8.4.4", 443)]
    assert resolve.asked == ["idp.example"]
    assert timeouts == pytest.approx([2.5, 5], abs=0.5)


def test_s12_the_next_address_is_tried_when_one_does_not_answer():
    with serving(sending(ANSWER)) as server:
        resolve = resolving("::1", "127.0.0.1")
        name = f"idp.test:{server.port}"
        result = fetch_metadata(f"http://{name}/", allowed_hosts=frozenset({name}), resolve=resolve)
    assert result.body == METADATA


# URLs


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "not a complete metadata URL"),
        ("idp.example/metadata", "not a complete metadata URL"),
        ("https://", "not a complete metadata URL"),
        ("https:///metadata", "not a complete metadata URL"),
        ("https://[::1/", "not a complete metadata URL"),
        ("https://idp.example:port/", "not a complete metadata URL"),
        ("https://idp.example:99999/", "not a complete metadata URL"),
        ("https://idp.example/a b", "not a complete metadata URL"),
        ("https://idp.example/\r\nHost: other", "not a complete metadata URL"),
        ("https://idp.example\n.other/", "not a complete metadata URL"),
        ("https://bücher.example/", "not a complete metadata URL"),
        ("https://１２７.0.0.1/", "not a complete metadata URL"),
        ("https://ⓛocalhost/", "not a complete metadata URL"),
        ("http://idp.example/", "must begin with https://"),
        ("file:///etc/passwd", "must begin with https://"),
        ("ftp://idp.example/", "must begin with https://"),
        ("gopher://127.0.0.1:11211/", "must begin with https://"),
        ("https://user@idp.example/", "user name or password"),
        ("https://user:secret@idp.example/", "user name or password"),
        ("https://idp.example\\@127.0.0.1/", "user name or password"),
        ("https://idp.example:8443/", "standard port 443"),
        ("https://idp.example:22/", "standard port 443"),
    ],
)
def test_s12_a_url_that_must_not_be_fetched_is_explained_and_not_resolved(url, says):
    resolve = resolving("8.8.8.8")
    result = fetch_metadata(url, resolve=resolve)
    assert says in result.error and result.body is None
    assert "secret" not in result.error
    assert resolve.asked == []


@pytest.mark.parametrize(
    "url", ["https://a..b/", f"https://{'a' * 64}.example/", "https://127%2e0.0.1/", "https://[::1%25lo]/"]
)
def test_s12_a_host_that_no_resolver_can_use_is_unreachable(url):
    assert fetch_metadata(url).error == UNREACHABLE


# What the operator has allowed


def test_s12_an_allowed_host_may_be_private_plain_http_and_on_any_port():
    with serving(sending(ANSWER)) as server:
        for entry in ("127.0.0.1", f"127.0.0.1:{server.port}"):
            result = fetch_metadata(f"http://127.0.0.1:{server.port}/", allowed_hosts=frozenset({entry}))
            assert result == fetch.FetchResult(METADATA)


def test_s12_names_of_allowed_hosts_are_compared_without_case():
    with serving(sending(ANSWER)) as server:
        url = f"http://IdP.intranet:{server.port}/"
        result = fetch_metadata(url, allowed_hosts=frozenset({"IDP.Intranet"}), resolve=resolving("127.0.0.1"))
    assert result.body == METADATA


@pytest.mark.parametrize("entry", ["127.0.0.1:1", "127.0.0.2", "127.0.0", "0.0.1", "localhost", ""])
def test_s12_another_allowed_host_or_port_allows_nothing(entry):
    with serving(sending(ANSWER)) as server:
        for scheme in ("http", "https"):
            url = f"{scheme}://127.0.0.1:{server.port}/"
            assert fetch_metadata(url, allowed_hosts=frozenset({entry})).body is None
    assert server.requests == []


# Requests and answers


def test_s12_the_request_is_one_plain_get_of_path_and_query():
    with serving(sending(ANSWER)) as server:
        assert get(server, "//a/%20?b=c&d#fragment").body == METADATA
    (request,) = server.requests
    assert request.startswith("GET //a/%20?b=c&d HTTP/1.1\r\n")
    assert f"\r\nHost: 127.0.0.1:{server.port}\r\n" in request
    assert "\r\nAccept-Encoding: identity\r\n" in request
    assert "fragment" not in request


def test_s12_proxies_of_the_environment_are_not_used(monkeypatch):
    for variable in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    with serving(sending(ANSWER)) as server:
        assert get(server).body == METADATA


def test_s12_a_chunked_answer_is_put_together():
    with serving(sending(OK, b"Transfer-Encoding: chunked\r\n\r\n", b"3\r\n<a>\r\n4\r\n</a>\r\n0\r\n\r\n")) as server:
        assert get(server).body == b"<a></a>"


@pytest.mark.parametrize("status", [b"204 No", b"401 No", b"404 No", b"500 No", b"304 No"])
def test_s12_any_status_but_200_is_told(status):
    with serving(sending(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")) as server:
        assert status[:3].decode() in get(server).error


@pytest.mark.parametrize("encoding", [b"gzip", b"br", b"deflate", b"GZIP", b"identity, gzip", b"x"])
def test_s12_compressed_content_is_refused_unread(encoding):
    with serving(sending(OK + b"Content-Encoding: " + encoding + b"\r\nContent-Length: 9\r\n\r\n")) as server:
        assert "compressed" in get(server).error


@pytest.mark.parametrize(
    "headers",
    [b"Content-Length: 99999999\r\n\r\n", b"\r\n", b"Transfer-Encoding: chunked\r\n\r\nffffff\r\n"],
    ids=["declared", "until closed", "chunked"],
)
def test_s12_no_more_than_the_limit_is_read(headers):
    sent = []

    def endless(connection: socket.socket) -> None:
        connection.sendall(OK + headers)
        while sum(sent) < 50_000_000:
            sent.append(connection.send(b"x" * 65536))

    with serving(endless) as server:
        result = get(server, limit=100_000)
    assert "larger than 100,000 bytes" in result.error and result.body is None
    assert sum(sent) < 20_000_000  # what fits into the buffers of the connection, and not all that was offered


def test_s12_a_body_of_exactly_the_limit_is_accepted():
    with serving(sending(ANSWER)) as server:
        assert get(server, limit=19).body == METADATA
        assert get(server, limit=18).body is None


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH_9\r\n",
        b"-ERR unknown command\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
    ids=["nothing", "ssh", "redis", "no status", "many headers", "long header", "no chunk"],
)
def test_s12_what_is_not_http_gives_the_same_text_as_an_address_refused(answer):
    with serving(sending(answer)) as server:
        assert get(server).error == UNREACHABLE


def test_s12_a_closed_port_gives_the_same_text_as_an_address_refused():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    result = fetch_metadata(f"http://127.0.0.1:{port}/", allowed_hosts=frozenset({"127.0.0.1"}))
    assert result.error == UNREACHABLE == fetch_metadata("https://10.0.0.1/").error
    assert "upload that metadata XML" in result.error


# Redirects


def redirecting(location: str, status: int = 302) -> Handler:
    return sending(f"HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode())


@pytest.mark.parametrize(
    "location",
    [
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://2130706433/",
        "https://169.254.169.254/latest/meta-data/",
        "//127.0.0.1/",
        "http://127.0.0.1/",
        "http://localhost/",
        "file:///etc/passwd",
        "https://user@idp.example/",
        "//[",
    ],
)
def test_s12_a_redirect_is_checked_like_the_first_url(listener, location):
    target = location.replace("127.0.0.1/", f"127.0.0.1:{fetch.HTTPS_PORT}/")
    with serving(redirecting(target)) as server:
        result = get(server)
    assert result.body is None and result.error
    assert not was_reached(listener)


@pytest.mark.parametrize("userinfo", ["", "user:secret@"])
@pytest.mark.parametrize("host", LOCAL_HOSTS)
def test_s12_no_redirect_to_any_spelling_of_a_local_address_reaches_us(listener, host, userinfo):
    with serving(redirecting(f"https://{userinfo}{host}:{fetch.HTTPS_PORT}/")) as server:
        result = get(server)
    assert result == FetchResult(None, USERINFO if userinfo else UNREACHABLE)
    assert not was_reached(listener)


@pytest.mark.parametrize("host", LOCAL_HOSTS)
def test_s12_no_name_or_password_opens_a_local_address(listener, host):
    for userinfo in ("user", "user:secret", "", "idp.example:443"):
        assert fetch_metadata(f"https://{userinfo}@{host}:{fetch.HTTPS_PORT}/").error == USERINFO
    assert not was_reached(listener)


def test_s12_a_redirect_to_a_name_is_resolved_and_checked_like_the_first_url(listener):
    resolve = resolving("127.0.0.1")
    with serving(redirecting("https://idp.example/")) as server:
        assert get(server, resolve=resolve).error == UNREACHABLE
    assert resolve.asked == ["127.0.0.1", "idp.example"]
    assert not was_reached(listener)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_s12_a_redirect_to_what_is_allowed_is_followed(status):
    with (
        serving(sending(ANSWER)) as last,
        serving(redirecting(f"http://127.0.0.1:{last.port}/x", status)) as first,
    ):
        allowed = frozenset({f"127.0.0.1:{first.port}", f"127.0.0.1:{last.port}"})
        assert fetch_metadata(f"http://127.0.0.1:{first.port}/", allowed_hosts=allowed).body == METADATA
    assert last.requests[0].startswith("GET /x ")


def test_s12_three_redirects_are_followed_and_no_more():
    def count_down(connection: socket.socket) -> None:
        number = int(server.requests[-1].split()[1].strip("/"))
        (redirecting(f"/{number - 1}") if number else sending(ANSWER))(connection)

    with serving(count_down) as server:
        assert get(server, "/3").body == METADATA
        assert "redirects too often" in get(server, "/4").error
    assert len(server.requests) == 8


# Time


SLOW = {
    "silent": (),
    "headers drip": [b"HTTP/1.1 200 OK\r\n"] + [b"A: b\r\n"] * 90,
    "a header line drips": [b"HTTP/1.1 200 OK\r\nA: "] + [b"b"] * 500,
    "status drips": [b"H", b"T", b"T", b"P"] + [b" "] * 500,
    "body drips": [OK + b"Content-Length: 9999\r\n\r\n"] + [b"x"] * 500,
    "chunks drip": [OK + b"Transfer-Encoding: chunked\r\n\r\n"] + [b"1\r\nx\r\n"] * 500,
    "endless 100 Continue": [b"HTTP/1.1 100 Continue\r\n\r\n"] * 500,
}


@pytest.mark.parametrize("parts", SLOW.values(), ids=SLOW.keys())
def test_s12_the_deadline_holds_against_every_slow_answer(parts):
    with serving(sending(*(parts or [b""] * 40), pause=0.1)) as server:
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
