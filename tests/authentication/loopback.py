"""A server on loopback, and resolvers that lead to it."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import sleep

from workspace.outgoing import fetch_metadata

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


# Redirects


def redirecting(location: str, status: int = 302) -> Handler:
    return sending(f"HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode())
