"""Connections to PostgreSQL that a process keeps between requests.

psycopg's own pool connects in the background: while the server is away, every request waits for it, and its pauses
double, so it comes back late. Here the thread that needs a connection makes it and learns at once that it cannot.
"""

import select
import time
from collections import deque
from collections.abc import Callable
from threading import Lock, Semaphore
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
_LIFETIME_SECONDS = 60 * 60
_PLACE_SECONDS = 4.0


class WatchedConnection(psycopg.Connection[Any]):
    """A connection whose statements do not wait for a server that no longer answers."""

    pool: "Pool"
    # Django gives a connection back to this attribute.
    _pool: Any
    made_at: float

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
            self.pool.check_server()
        except psycopg.OperationalError:
            self.close()
            raise

    def is_dead(self) -> bool:
        """Say whether the server has ended this idle connection. It has nothing else to send to an idle one."""
        if self.closed:
            return True
        poll = select.poll()
        poll.register(self.pgconn.socket, select.POLLIN)
        return bool(poll.poll(0))


class Pool:
    """At most `max_size` connections, made when they are needed. The methods without an underscore are Django's."""

    def __init__(
        self, parameters: dict[str, Any], configure: Callable[[psycopg.Connection[Any]], object], *, max_size: int
    ) -> None:
        self._parameters, self._configure = parameters, configure
        self._idle: deque[WatchedConnection] = deque()
        self._places = Semaphore(max_size)
        self._is_closed = False
        self._is_away, self._ask_again_at = False, 0.0
        self._asking = Lock()

    def open(self) -> None:
        """Do nothing: connections are made when they are needed."""

    def getconn(self) -> WatchedConnection:
        """Return a connection that works as far as this side knows. Raises psycopg.OperationalError."""
        if self._is_away:
            self._ask_once()
        if not self._places.acquire(timeout=_PLACE_SECONDS):
            raise psycopg.OperationalError("all connections of this process are in use: raise DATABASE_POOL")
        try:
            return self._idle_one() or self._new()
        except BaseException:
            self._places.release()
            raise

    def putconn(self, connection: WatchedConnection) -> None:
        """Take a connection back. Close it where it is broken, old or in the middle of a transaction."""
        is_idle = connection.pgconn.transaction_status == psycopg.pq.TransactionStatus.IDLE
        if is_idle and not self._is_closed and time.monotonic() - connection.made_at < _LIFETIME_SECONDS:
            self._idle.append(connection)
        else:
            connection.close()
        self._places.release()

    def close(self) -> None:
        """Close the idle connections, and the others when they come back."""
        self._is_closed = True
        while self._idle:
            self._idle.pop().close()

    def check_server(self) -> None:
        """Raise psycopg.OperationalError if a new connection gets no answer. Threads that ask at once share one."""
        with self._asking:
            if self._is_away and time.monotonic() < self._ask_again_at:
                raise _silent()
            self._ask()

    def _ask_once(self) -> None:
        """Let one thread ask a server that did not answer. The others fail without waiting."""
        if not self._asking.acquire(blocking=False):
            raise _silent()
        try:
            if self._is_away and time.monotonic() < self._ask_again_at:
                raise _silent()
            self._ask()
        finally:
            self._asking.release()

    def _ask(self) -> None:
        try:
            self._connect().close()
        except psycopg.OperationalError:
            if self._is_away:
                raise

    def _idle_one(self) -> WatchedConnection | None:
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError:  # another thread was faster
                return None
            if not connection.is_dead():
                return connection
            connection.close()
        return None

    def _new(self) -> WatchedConnection:
        connection = self._connect()
        self._configure(connection)
        return connection

    def _connect(self) -> WatchedConnection:
        began = time.monotonic()
        try:
            connection = WatchedConnection.connect(**self._parameters)
        except psycopg.OperationalError:
            self._is_away = time.monotonic() - began > _SLOW_SECONDS
            self._ask_again_at = time.monotonic() + RETRY_SECONDS
            raise
        self._is_away = False
        connection.pool = connection._pool = self
        connection.made_at = time.monotonic()
        return connection


def _silent() -> psycopg.OperationalError:
    return psycopg.OperationalError("the server does not answer")
