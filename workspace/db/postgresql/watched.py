"""Connections to PostgreSQL that do not wait for a server that no longer answers.

The thread that needs a connection makes it and learns at once that it cannot. A connector in the background would let
every request wait for it, and come back late after an outage.
"""

import select
import time
from collections.abc import Mapping
from threading import Lock
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen

Result = TypeVar("Result")

# A statement that has had no answer for this long asks with a new connection whether the server answers at all.
SILENT_SECONDS = 1.0
# A server that has not answered is asked again after this time. Until then requests fail without waiting.
RETRY_SECONDS = 1.0
# A failure that came later than this was the server's silence, not its answer.
_SLOW_SECONDS = 0.5


class WatchedConnection(psycopg.Connection[Any]):
    """A connection whose statements end when the server no longer answers."""

    server: "Server"
    parameters: Mapping[str, Any]

    def wait(self, gen: PQGen[Result], interval: float = 0.1, timeout: float | None = None) -> Result:
        """Run what psycopg waits for."""
        return super().wait(self._watched(gen), interval, timeout)

    def _watched(self, gen: PQGen[Result]) -> PQGen[Result]:
        try:
            wanted = next(gen)
            began, pause = time.monotonic(), SILENT_SECONDS
            while True:
                ready = yield wanted
                if not ready and time.monotonic() - began > pause:
                    self._check_server()
                    began, pause = time.monotonic(), pause * 2
                wanted = gen.send(ready)
        except StopIteration as end:
            result: Result = end.value
            return result

    def _check_server(self) -> None:
        try:
            self.server.check(self.parameters)
        except psycopg.OperationalError:
            self.close()
            raise

    def is_usable(self) -> bool:
        """Say whether this idle connection works as far as this side knows."""
        return not (self.closed or self.server.is_away or self._is_ended())

    def _is_ended(self) -> bool:
        # The server has nothing else to send to an idle connection.
        poll = select.poll()
        poll.register(self.pgconn.socket, select.POLLIN)
        return bool(poll.poll(0))


class Server:
    """What this process knows of a database server: whether it answers."""

    def __init__(self) -> None:
        self.is_away, self._ask_again_at = False, 0.0
        self._asking = Lock()

    def connect(self, parameters: Mapping[str, Any]) -> WatchedConnection:
        """Return a new connection. Raises psycopg.OperationalError, at once where the server was silent before."""
        if self.is_away:
            self._ask_once(parameters)
        return self._connect(parameters)

    def check(self, parameters: Mapping[str, Any]) -> None:
        """Raise psycopg.OperationalError if a new connection gets no answer. Threads that ask at once share one."""
        with self._asking:
            if self.is_away and time.monotonic() < self._ask_again_at:
                raise _silent()
            self._ask(parameters)

    def _ask_once(self, parameters: Mapping[str, Any]) -> None:
        """Let one thread ask a server that did not answer. The others fail without waiting."""
        if not self._asking.acquire(blocking=False):
            raise _silent()
        try:
            if self.is_away and time.monotonic() < self._ask_again_at:
                raise _silent()
            self._ask(parameters)
        finally:
            self._asking.release()

    def _ask(self, parameters: Mapping[str, Any]) -> None:
        try:
            self._connect(parameters).close()
        except psycopg.OperationalError:
            if self.is_away:
                raise

    def _connect(self, parameters: Mapping[str, Any]) -> WatchedConnection:
        began = time.monotonic()
        try:
            connection = WatchedConnection.connect(**parameters)
        except psycopg.OperationalError:
            self.is_away = time.monotonic() - began > _SLOW_SECONDS
            self._ask_again_at = time.monotonic() + RETRY_SECONDS
            raise
        self.is_away = False
        connection.server, connection.parameters = self, parameters
        return connection


def _silent() -> psycopg.OperationalError:
    return psycopg.OperationalError("the server does not answer")
