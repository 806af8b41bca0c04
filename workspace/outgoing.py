"""Fetching of IdP metadata from a URL that a tenant chose. The URL cannot reach our own network."""

import http.client
import io
import socket
import ssl
import string
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from time import monotonic
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import SplitResult, urljoin, urlsplit

from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workspace.words import Text, grouped

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

HTTPS_PORT = 443
MAX_REDIRECTS = 3

_UPLOAD = gettext_lazy("Open the URL in your browser, save the page as a file and upload that metadata XML instead.")


def _or_upload(sentence: Text) -> Text:
    return format_lazy("{} {}", sentence, _UPLOAD)


# One sentence for every refused address and failed connection: different ones would make us a port scanner.
UNREACHABLE = _or_upload(gettext_lazy("The metadata URL could not be reached securely from here. Check its spelling."))
NOT_A_URL = gettext_lazy(
    "This is not a complete metadata URL. Copy it whole from your identity provider; it begins with https://."
)
NOT_HTTPS = gettext_lazy("The metadata URL must begin with https://.")
PLAIN_HTTP = gettext_lazy("The metadata URL must begin with https://, not http://.")
USERINFO = gettext_lazy("The metadata URL must not contain a user name or password. Remove the part before the @ sign.")
PORT = _or_upload(gettext_lazy("The metadata URL must use the standard port 443."))
# The same faults of an address that a correct URL redirects to: nobody can mend that in what was typed.
_REDIRECTED = [
    (NOT_A_URL, gettext_lazy("The metadata URL redirects to something that is no complete URL.")),
    (NOT_HTTPS, gettext_lazy("The metadata URL redirects to an address that does not begin with https://.")),
    (PLAIN_HTTP, gettext_lazy("The metadata URL redirects to an address that begins with http://, not https://.")),
    (USERINFO, gettext_lazy("The metadata URL redirects to an address with a user name or password.")),
    (PORT, gettext_lazy("The metadata URL redirects to an address with another port than 443.")),
]
TOO_MANY_REDIRECTS = _or_upload(gettext_lazy("The metadata URL redirects too often."))
ENCODED = _or_upload(gettext_lazy("The metadata URL answered with compressed content, which is not accepted."))

# The special-purpose registries of IANA. Python's is_global is true for some of these networks.
_DENIED = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8",  # this network; 0.0.0.0 reaches loopback
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier NAT, and a cloud's metadata service
        "127.0.0.0/8",
        "168.63.129.16/32",  # a cloud's host agent behind a public address
        "169.254.0.0/16",  # link-local, and most clouds' metadata service
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments, and a cloud's metadata service at .192
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
        # Public IPv6 is 2000::/3. These three are the rest: loopback, NAT64, unique local, multicast …
        "::/3",
        "4000::/2",
        "8000::/1",
        "2001::/23",  # protocol assignments, with Teredo, which carries IPv4
        "2001:db8::/32",
        "2002::/16",  # 6to4, which carries IPv4
        "2620:4f:8000::/48",
        "3fff::/20",
    )
)

# As getaddrinfo returns it: family, kind, protocol, canonical name, socket address.
Address: TypeAlias = tuple[int, int, int, str, tuple[object, ...]]
Resolve: TypeAlias = Callable[..., Sequence[Address]]


@dataclass(frozen=True, slots=True)
class FetchResult:
    """Either the bytes of a 200 answer, or None and a sentence with a hint for the administrator."""

    body: bytes | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class _Policy:
    """The limits of one fetch. `ends_at` is in seconds of the monotonic clock."""

    allowed_hosts: frozenset[str]
    resolve: Resolve
    ends_at: float
    limit: int

    def allows(self, host: str, port: int) -> bool:
        """Say whether the operator named this host, on any port or on this one."""
        return host in self.allowed_hosts or f"{host}:{port}" in self.allowed_hosts

    def remaining(self) -> float:
        """Return the seconds left, more than 0; raise TimeoutError when there are none."""
        seconds = self.ends_at - monotonic()
        if seconds <= 0:
            raise TimeoutError
        return seconds


@dataclass(frozen=True, slots=True)
class _Target:
    """Where one request goes."""

    parts: SplitResult
    port: int

    @property
    def host(self) -> str:
        return self.parts.hostname or ""

    @property
    def name(self) -> str:
        """Return the host as in the Host header: an IPv6 address has brackets."""
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def path(self) -> str:
        return (self.parts.path or "/") + (f"?{self.parts.query}" if self.parts.query else "")


class _Refused(Exception):
    """The end of a fetch, with a sentence for the administrator."""

    def __init__(self, sentence: Text) -> None:
        super().__init__()
        self.sentence = sentence


class _TimedStream(io.RawIOBase):
    """A socket for http.client to read from. All reads share one deadline, so a slow server cannot extend it."""

    def __init__(self, connection: socket.socket, policy: _Policy) -> None:
        self._connection = connection
        self._policy = policy

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        self._connection.settimeout(self._policy.remaining())
        return self._connection.recv_into(buffer)


def fetch_metadata(
    url: str,
    *,
    allowed_hosts: frozenset[str] = frozenset(),
    resolve: Resolve = socket.getaddrinfo,
    deadline: float = 5.0,
    limit: int = 1_000_000,
) -> FetchResult:
    """Fetch a URL within `deadline` (seconds) and `limit` (bytes), from public addresses and over https only.

    `allowed_hosts` holds "host" or "host:port" entries of the operator (IPv6 in brackets). They may be private, and may
    use http and another port. Every failure outside is a result, never an exception.
    """
    allowed = frozenset(entry.lower() for entry in allowed_hosts)
    policy = _Policy(allowed, resolve, monotonic() + deadline, limit)
    try:
        return FetchResult(_follow(url.strip(), policy))
    except _Refused as refusal:
        return FetchResult(None, str(refusal.sentence))
    except (OSError, ValueError, http.client.HTTPException):  # ValueError: bad IDNA name, bad Location
        return FetchResult(None, str(UNREACHABLE))


def is_public(address: str) -> bool:
    """Say whether an IP address, as getaddrinfo writes it, is on the public internet."""
    ip = ip_address(address)
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return not any(ip in network for network in _DENIED)


def _follow(url: str, policy: _Policy) -> bytes:
    """Return the body at a URL after at most 3 redirects, each checked like the first URL. Raises _Refused."""
    target = _target(url, policy)
    for _redirect in range(MAX_REDIRECTS + 1):
        with _connect(target, policy) as connection:
            response = _request(connection, target, policy)
            if response.status not in (301, 302, 303, 307, 308):
                return _body(response, policy)
            target = _redirected(target, response.headers.get("Location", ""), policy)
    raise _Refused(TOO_MANY_REDIRECTS)


def _redirected(target: _Target, location: str, policy: _Policy) -> _Target:
    """Return the target of a redirect. Raises _Refused like `_target`, in other words."""
    try:
        return _target(_joined(target.parts.geturl(), location), policy)
    except _Refused as refused:
        sentence = next(sentence for fault, sentence in _REDIRECTED if fault is refused.sentence)
        raise _Refused(_or_upload(sentence)) from None


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        raise _Refused(NOT_A_URL) from None


def _target(url: str, policy: _Policy) -> _Target:
    """Return the target of a URL. Raises _Refused if it is malformed or the policy does not allow it."""
    target = _Target(*_split(url))
    is_allowed = policy.allows(target.name, target.port)
    if target.parts.scheme != "https" and not (is_allowed and target.parts.scheme == "http"):
        raise _Refused(PLAIN_HTTP if target.parts.scheme == "http" else NOT_HTTPS)
    if "@" in target.parts.netloc:
        raise _Refused(USERINFO)
    if target.port != HTTPS_PORT and not is_allowed:
        raise _Refused(PORT)
    return target


def _split(url: str) -> tuple[SplitResult, int]:
    """Return the parts and the port of a URL. Only visible ASCII is allowed: Unicode names have look-alikes."""
    if not all(character in string.ascii_letters + string.digits + string.punctuation for character in url):
        raise _Refused(NOT_A_URL)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _Refused(NOT_A_URL) from None
    if not parts.hostname:
        raise _Refused(NOT_A_URL if parts.scheme in ("", "https") else NOT_HTTPS)
    return parts, port or (80 if parts.scheme == "http" else HTTPS_PORT)


def _connect(target: _Target, policy: _Policy) -> socket.socket:
    """Return a connection to one of the checked addresses, with TLS verified for the name. Raises OSError."""
    connection = _open(_addresses(target, policy), policy)
    if target.parts.scheme == "http":
        return connection
    try:
        connection.settimeout(policy.remaining())
        return ssl.create_default_context().wrap_socket(connection, server_hostname=target.host)
    except BaseException:
        connection.close()
        raise


def _addresses(target: _Target, policy: _Policy) -> Sequence[Address]:
    """Return the addresses of the host, looked up once. Raises OSError unless all of them may be used."""
    # A look-up takes no time limit, so it runs in a thread that nobody joins after the deadline.
    executor = ThreadPoolExecutor(max_workers=1)
    try:
        lookup = executor.submit(policy.resolve, target.host, target.port, type=socket.SOCK_STREAM)
        found = lookup.result(policy.remaining())
    finally:
        executor.shutdown(wait=False)
    is_allowed = policy.allows(target.name, target.port)
    if not found or not (is_allowed or all(is_public(str(sockaddr[0])) for *_, sockaddr in found)):
        raise OSError
    return found


def _open(addresses: Sequence[Address], policy: _Policy) -> socket.socket:
    """Return a socket connected to the first address that answers. Each attempt gets a fair share of the time."""
    for index, (family, kind, protocol, _name, sockaddr) in enumerate(addresses):
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(policy.remaining() / (len(addresses) - index))
            connection.connect(sockaddr)
            return connection
        except OSError:
            connection.close()
    raise OSError


def _request(connection: socket.socket, target: _Target, policy: _Policy) -> http.client.HTTPResponse:
    """Send the request over this connection and return the response with its headers read."""
    default = HTTPS_PORT if target.parts.scheme == "https" else 80
    host = target.name if target.port == default else f"{target.name}:{target.port}"
    lines = (
        f"GET {target.path} HTTP/1.1",
        f"Host: {host}",
        "User-Agent: workspace-admin",
        "Accept: application/samlmetadata+xml, application/xml, text/xml, */*",
        "Accept-Encoding: identity",
        "Connection: close",
    )
    connection.settimeout(policy.remaining())
    connection.sendall("\r\n".join((*lines, "", "")).encode("ascii"))
    response = http.client.HTTPResponse(_TimedStream(connection, policy), method="GET")  # type: ignore[arg-type]
    response.begin()
    return response


def _body(response: http.client.HTTPResponse, policy: _Policy) -> bytes:
    """Return the body of a 200 answer, with at most the limit in memory. Raises _Refused."""
    if response.status != 200:
        status = _("The metadata URL answered with HTTP status %(status)s.") % {"status": response.status}
        raise _Refused(_or_upload(status))
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise _Refused(ENCODED)
    body = response.read(policy.limit + 1)
    if len(body) > policy.limit:
        size = _("The metadata is larger than %(limit)s bytes.") % {"limit": grouped(policy.limit)}
        raise _Refused(_or_upload(size))
    return body
