"""Limits how many requests a program makes. Each worker process has a bucket per token in memory: it costs no query.

With several workers, a token may make that many times as many requests. A short burst is let through.
"""

import time
from dataclasses import dataclass, field
from math import ceil
from threading import Lock
from uuid import UUID

SAVED_SECONDS = 10


@dataclass
class Bucket:
    """The requests that one token may still make. The rate fills it, up to ten seconds' worth."""

    left: float
    at: float

    def spend(self, rate: float, now: float) -> float:
        """Take one request out. Return the seconds to wait where there is none."""
        self.left = min(rate * SAVED_SECONDS, self.left + (now - self.at) * rate)
        self.at = now
        if self.left < 1:
            return (1 - self.left) / rate
        self.left -= 1
        return 0


@dataclass(frozen=True)
class Spent:
    """A request that was counted: whole seconds to wait, and what is left."""

    wait: int
    left: int
    seconds_to_full: int


@dataclass
class Buckets:
    """The buckets of this process."""

    buckets: dict[UUID, Bucket] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def spend(self, token: UUID, rate: float, now: float | None = None) -> Spent:
        """Count a request of a token."""
        now = time.monotonic() if now is None else now
        with self.lock:
            bucket = self.buckets.setdefault(token, Bucket(rate * SAVED_SECONDS, now))
            wait = bucket.spend(rate, now)
            missing = rate * SAVED_SECONDS - bucket.left
        return Spent(ceil(wait), int(bucket.left), ceil(missing / rate))
