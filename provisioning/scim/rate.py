"""Limits how many requests a SCIM token makes, so that one identity provider does not slow the others down (C14)."""

from uuid import UUID

from django.conf import settings

from provisioning.payload import errors
from workspace.rate import Buckets


class Limiter(Buckets):
    """The buckets of this process."""

    def check(self, token: UUID, now: float | None = None) -> None:
        """Count a request. Raises 429 with the seconds to wait as a whole number, because Okta reads no other form."""
        if wait := self.spend(token, settings.SCIM_REQUESTS_PER_SECOND, now).wait:
            raise errors.too_many(wait)

    def charge(self, token: UUID, requests: int) -> None:
        """Count the operations of a bulk request that was let through. Later requests wait for them."""
        with self.lock:
            self.buckets[token].left -= requests


limiter = Limiter()
