"""Limits how many requests a SCIM token makes, so that one identity provider does not slow the others down (C14).

Each worker process has a bucket per token in memory, which costs no query. With several workers, a token may make that
many times as many requests. A short burst, as at a first sync, is let through.
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


@dataclass
class Limiter:
    """The buckets of this process."""

    buckets: dict[UUID, Bucket] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def check(self, token: UUID, now: float | None = None) -> None:
        """Count a request. Raises 429 with the seconds to wait as a whole number, because Okta reads no other form."""
        rate, now = settings.SCIM_REQUESTS_PER_SECOND, time.monotonic() if now is None else now
        with self.lock:
            bucket = self.buckets.setdefault(token, Bucket(rate * SAVED_SECONDS, now))
            wait = bucket.spend(rate, now)
        if wait:
            raise errors.too_many(ceil(wait))

    def charge(self, token: UUID, requests: int) -> None:
        """Count the operations of a bulk request that was let through. Later requests wait for them."""
        with self.lock:
            self.buckets[token].left -= requests


limiter = Limiter()
