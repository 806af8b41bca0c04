"""Plain http on this machine: an installation accepts it of IdPs only while it is served that way itself."""

from urllib.parse import SplitResult, urlsplit

# Only these spellings: a name of somebody's DNS may lead to this machine today and elsewhere tomorrow.
HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


def may_use_http(url: str, *, origin: str) -> bool:
    """Say whether an IdP's URL may be plain http: it leads to this machine, where the installation is served too."""
    return is_loopback(origin) and is_loopback(url)


def is_loopback(url: str) -> bool:
    """Say whether a URL is plain http to this machine. No name is looked up."""
    try:
        parts = urlsplit(url)
        return parts.scheme == "http" and parts.hostname in HOSTS and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        return False


def fetchable_host(url: str, *, origin: str) -> frozenset[str]:
    """Return the host and port of a URL that may use http, as `workspace.outgoing` names it; else nothing."""
    return frozenset({_host(urlsplit(url))}) if may_use_http(url, origin=origin) else frozenset()


def practice_idp(origin: str) -> str:
    """Return the address of the practice IdP that `make run` starts for this origin; "" for a public origin.

    It has the next port. Its host name differs from that of the origin: like a real IdP it is another site, with other
    cookies.
    """
    if not is_loopback(origin):
        return ""
    parts = urlsplit(origin)
    host = "localhost" if parts.hostname == "127.0.0.1" else "127.0.0.1"
    return f"http://{host}:{(parts.port or 80) + 1}"


def _host(parts: SplitResult) -> str:
    name = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{name}:{parts.port or 80}"
