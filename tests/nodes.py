"""Two nodes at one database, a load balancer before them, and clients that go on whatever happens."""

import contextlib
import json
import os
import re
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.commands import commands, outer_environment
from tests.databases import at_database
from tests.server import Server, children, free_port, running

CHECK_SECONDS = 0.2
PAUSE = 0.02  # of a client between two requests
PATIENCE = 60


class Node:
    """A server with a data directory of its own."""

    def __init__(self, server: Server) -> None:
        self.server, self.address = server, urlsplit(server.origin).netloc
        self._ends = contextlib.ExitStack()

    def start(self) -> None:
        self._make = self._ends.enter_context(running(self.server))

    def stop(self) -> None:
        """Stop it as systemd does: the first process is told, and the others with it."""
        self._make.terminate()
        self._make.wait(PATIENCE)
        self._ends.close()

    def kill(self) -> None:
        """Kill all its processes at once."""
        for main in (main for shell in children(self._make.pid) for main in children(shell)):
            os.kill(main, signal.SIGKILL)
        os.killpg(self._make.pid, signal.SIGKILL)
        self._make.wait(PATIENCE)
        self._ends.close()

    def is_ready(self) -> bool:
        with contextlib.suppress(OSError, HTTPException):
            return send(self.address, "GET", "/readyz").status == 200
        return False


@dataclass
class Answer:
    status: int
    headers: Any
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)


def send(address: str, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
    """Send one request in a connection of its own."""
    with contextlib.closing(HTTPConnection(address, timeout=PATIENCE)) as connection:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())


class Balancer(ThreadingHTTPServer):
    """Sends each request to a node that says that it is ready. What a node has got is never sent again."""

    daemon_threads = True

    def __init__(self, nodes: list[Node], port: int) -> None:
        super().__init__(("127.0.0.1", port), _Forwarding)
        self.address = f"127.0.0.1:{port}"
        self.nodes, self.ready = nodes, list(nodes)
        self._turn = count()
        self._ended = threading.Event()

    def check(self) -> None:
        while not self._ended.wait(CHECK_SECONDS):
            # Without a ready node all of them get requests: their answers say what is wrong.
            self.ready = [node for node in self.nodes if node.is_ready()] or self.nodes

    def candidates(self) -> list[Node]:
        ready = self.ready
        first = next(self._turn) % len(ready)
        return [*ready[first:], *ready[:first], *(node for node in self.nodes if node not in ready)]

    @contextlib.contextmanager
    def serving(self) -> Iterator[None]:
        threads = [threading.Thread(target=target) for target in (self.serve_forever, self.check)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._ended.set()
            self.shutdown()
            self.server_close()
            for thread in threads:
                thread.join()


class _Forwarding(BaseHTTPRequestHandler):
    server: Balancer

    def forward(self) -> None:
        answer = self._answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    do_GET = do_POST = do_PATCH = do_DELETE = forward  # noqa: N815 -- the names that http.server looks up

    def _answer(self, body: bytes) -> Answer:
        headers = dict(self.headers) | {"X-Forwarded-For": self.client_address[0]}
        for node in self.server.candidates():
            with contextlib.suppress(ConnectionRefusedError):
                try:
                    return send(node.address, self.command, self.path, body, **headers)
                except (HTTPException, ConnectionResetError, BrokenPipeError) as error:
                    return Answer(502, {}, repr(error).encode())
        return Answer(502, {}, b"no node")

    def log_message(self, *args: object) -> None:
        """Print nothing."""


@dataclass
class Access:
    """A SCIM connection and its token."""

    base: str
    token: str

    def call(self, address: str, method: str, path: str, body: object = None) -> Answer:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/scim+json"}
        return send(address, method, self.base + path, None if body is None else json.dumps(body).encode(), **headers)


@dataclass
class Load:
    """Clients that create users one after the other, and note every answer and what was acknowledged."""

    address: str
    access: Access
    answers: list[Answer] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    @contextlib.contextmanager
    def running(self, label: str, clients: int = 4) -> Iterator["Load"]:
        ended = threading.Event()

        def create(place: int) -> None:
            for number in count():
                if ended.wait(PAUSE):
                    return
                name = f"{label}.{place}.{number}@acme.example"
                answer = self.access.call(self.address, "POST", "/Users", {"userName": name})
                self.answers.append(answer)
                if answer.status == 201:
                    self.names.append(name)

        with ThreadPoolExecutor(clients) as pool:
            done = [pool.submit(create, place) for place in range(clients)]
            try:
                yield self
            finally:
                ended.set()
            for each in done:
                each.result()

    def wait_for(self, number: int) -> None:
        """Wait until so many more users were acknowledged."""
        goal = len(self.names) + number
        wait_until(lambda: len(self.names) >= goal)

    def statuses(self) -> set[int]:
        return {answer.status for answer in self.answers}


def wait_until(is_so: Any) -> float:
    """Wait until something is so, and return the seconds that it took."""
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < PATIENCE
        time.sleep(0.02)
    return time.monotonic() - began


class Browser:
    """A browser that keeps its cookies, whichever node it asks."""

    def __init__(self) -> None:
        self.cookies: dict[str, str] = {}

    def get(self, node: Node, path: str) -> Answer:
        return self._send(node, "GET", path)

    def post(self, node: Node, path: str, page: str = "", **fields: str) -> Answer:
        """Send a form as the page with that form does, which is the path itself unless it is given."""
        token = re.search(rb'name="csrfmiddlewaretoken" value="(\w+)"', self.get(node, page or path).content)
        assert token
        body = urlencode(fields | {"csrfmiddlewaretoken": token[1].decode()}).encode()
        return self._send(node, "POST", path, body)

    def _send(self, node: Node, method: str, path: str, body: bytes | None = None) -> Answer:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = send(node.address, method, path, body, Cookie=cookie, **form)
        for header in answer.headers.get_all("Set-Cookie") or []:
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(header).items()}
        return answer


@contextlib.contextmanager
def two_nodes(directory: Path, database_url: str) -> Iterator[tuple[list[Node], Balancer]]:
    """Release two nodes at once on an empty database, put the demo into it, and serve both behind a balancer."""
    port = free_port()
    shared = outer_environment() | at_database(database_url) | {
        "ORIGIN": f"http://127.0.0.1:{port}", "TRUSTED_PROXIES": "127.0.0.1", "NODES": "2", "WORKERS": "1",
        "THREADS": "4", "DRAIN": "1", "SCIM_REQUESTS_PER_SECOND": "2000",
    }  # fmt: skip
    with contextlib.ExitStack() as ends, ThreadPoolExecutor(2) as pool:
        nodes = []
        for name in ("a", "b"):
            home = directory / name
            home.mkdir()
            origin = f"http://127.0.0.1:{free_port()}"
            environment = shared | {"DATA_DIR": str(home), "PORT": origin.rpartition(":")[2]}
            manage = ends.enter_context(commands(environment))
            nodes.append(Node(Server(origin, environment, home / "log", manage)))
        list(pool.map(lambda node: node.server.commands.run("release"), nodes))
        nodes[0].server.commands.run("demo")
        list(pool.map(Node.start, nodes))
        for node in nodes:
            ends.callback(node.kill)
        balancer = Balancer(nodes, port)
        with balancer.serving():
            yield nodes, balancer
