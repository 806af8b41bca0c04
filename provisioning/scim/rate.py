"""How many requests a token may make, so that one noisy identity provider does not slow the others down (C14).

A token bucket per SCIM token, in the memory of each worker process: it costs no query, and with several workers the sum
is that many times as much. Identity providers that go faster for a moment, at a first sync, spend what they have saved.
"""

import time
from dataclasses import dataclass, field
from math import ceil
from threading import Lock
from uuid import UUID

from django.conf import settings

from provisioning.payload import errors

SAVED_SECONDS = 10


@dataclass
class Bucket:
    """What one token may still spend; filled with each second's rate, up to ten seconds' worth."""

    left: float
    at: float

    def spend(self, rate: float, now: float) -> float:
        """Take one request out; the seconds to wait if there is none."""
        self.left = min(rate * SAVED_SECONDS, self.left + (now - self.at) * rate)
        self.at = now
        if self.left < 1:
            return (1 - self.left) / rate
        self.left -= 1
        return 0


@dataclass
class Limiter:
    """The buckets of this process."""

    buckets: dict[UUID, Bucket] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def check(self, token: UUID, now: float | None = None) -> None:
        """Count a request of this token; raise 429 with the whole seconds to wait (Okta reads nothing else)."""
        rate, now = settings.SCIM_REQUESTS_PER_SECOND, time.monotonic() if now is None else now
        with self.lock:
            bucket = self.buckets.setdefault(token, Bucket(rate * SAVED_SECONDS, now))
            wait = bucket.spend(rate, now)
        if wait:
            raise errors.too_many(ceil(wait))

    def charge(self, token: UUID, requests: int) -> None:
        """Count further requests that came with one that was let through; the next ones wait for them."""
        with self.lock:
            self.buckets[token].left -= requests


limiter = Limiter()
