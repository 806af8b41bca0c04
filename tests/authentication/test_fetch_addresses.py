"""S12: which addresses and URLs the safe fetcher opens, also after a redirect."""

import socket
from collections.abc import Iterator

import pytest

from tests.authentication.loopback import ANSWER, METADATA, get, redirecting, resolving, sending, serving
from workspace import outgoing as fetch
from workspace.outgoing import UNREACHABLE, USERINFO, FetchResult, fetch_metadata, is_public

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
        ("http://idp.example/", "must begin with https://, not http://"),
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


@pytest.mark.parametrize(
    ("location", "says"),
    [
        ("http://idp.example/metadata", "an address that begins with http://, not https://."),
        ("HTTP://idp.example/metadata", "an address that begins with http://, not https://."),
        ("ftp://idp.example/metadata", "an address that does not begin with https://."),
        ("javascript:alert(1)", "an address that does not begin with https://."),
        ("https://user:secret@idp.example/", "an address with a user name or password."),
        ("https://idp.example:8443/", "an address with another port than 443."),
        ("https://idp.example/a b", "something that is no complete URL."),
        ("//[", "something that is no complete URL."),
    ],
)
def test_s12_what_is_wrong_with_a_redirect_is_said_of_the_redirect(location, says):
    """What was typed is right, so no sentence may say that it is wrong."""
    resolve = resolving("127.0.0.1")
    with serving(redirecting(location)) as server:
        result = get(server, resolve=resolve)
    assert result.error.startswith(f"The metadata URL redirects to {says}") and "upload" in result.error
    assert "secret" not in result.error and "example" not in result.error
    assert resolve.asked == ["127.0.0.1"]


@pytest.mark.parametrize("userinfo", ["", "user:secret@"])
@pytest.mark.parametrize("host", LOCAL_HOSTS)
def test_s12_no_redirect_to_any_spelling_of_a_local_address_reaches_us(listener, host, userinfo):
    with serving(redirecting(f"https://{userinfo}{host}:{fetch.HTTPS_PORT}/")) as server:
        result = get(server)
    if userinfo:
        assert result.error.startswith("The metadata URL redirects to an address with a user name or password.")
    assert result == FetchResult(None, result.error if userinfo else UNREACHABLE)
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
