"""S12: what the safe fetcher asks for and accepts. Real sockets on loopback; nothing leaves the machine."""

import socket

import pytest

from tests.authentication.loopback import ANSWER, METADATA, OK, get, resolving, sending, serving
from workspace import outgoing as fetch
from workspace.outgoing import UNREACHABLE, fetch_metadata

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
