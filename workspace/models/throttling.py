"""Throttling of attempts to sign in."""

from datetime import datetime, timedelta
from math import ceil

from django.db import models, transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from workspace.db.keys import canonical

FREE_ATTEMPTS = 5
LONGEST_WAIT = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(days=1)


class SignInThrottleManager(models.Manager["SignInThrottle"]):
    """Counts of attempts, in the database so that all worker processes share them."""

    @transaction.atomic
    def attempt(self, email: str, address: str, now: datetime) -> timedelta:
        """Count an attempt, and return the time to wait if it comes too early. Call it before checking the password.

        Counting first means that of many simultaneous attempts only one is the first.
        """
        self.filter(attempted_at__lt=now - FORGOTTEN_AFTER).delete()
        throttle, _is_new = self.select_for_update().get_or_create(
            key=_key(email, address), defaults={"attempted_at": now, "open_at": now}
        )
        if throttle.open_at > now:
            return throttle.open_at - now
        throttle.attempts += 1
        # Nothing for the first mistypings, then 1, 2, 4, … seconds.
        doublings = throttle.attempts - FREE_ATTEMPTS
        wait = min(timedelta(seconds=2 ** min(doublings, 20)), LONGEST_WAIT) if doublings >= 0 else timedelta(0)
        throttle.attempted_at, throttle.open_at = now, now + wait
        throttle.save()
        return timedelta(0)

    def forget(self, email: str, address: str) -> None:
        """Forget the attempts; call it after a successful sign-in."""
        self.filter(key=_key(email, address)).delete()


class SignInThrottle(models.Model):
    """The attempts to sign in to one account from one address. The key is a part of a hash, so neither is stored."""

    key = models.CharField(max_length=64, primary_key=True)
    attempts = models.PositiveIntegerField(default=0)
    attempted_at = models.DateTimeField(db_index=True)
    open_at = models.DateTimeField()

    objects = SignInThrottleManager()

    def __str__(self) -> str:
        return f"{self.attempts} attempts"


def too_many_attempts(wait: timedelta) -> str:
    """Return the sentence for somebody who has to wait."""
    seconds = ceil(wait.total_seconds())
    if seconds > 90:
        return _("Too many attempts. Wait %(number)s minutes, then try again.") % {"number": ceil(seconds / 60)}
    return ngettext(
        "Too many attempts. Wait %(number)s second, then try again.",
        "Too many attempts. Wait %(number)s seconds, then try again.",
        seconds,
    ) % {"number": seconds}


def _key(email: str, address: str) -> str:
    """Return one of 2^20 keys, so that the table has at most so many rows (security.md S16).

    Two accounts that share a key share their waits. With a thousand in use that is one account in a thousand.
    """
    digest = salted_hmac("sign-in throttle", f"{canonical(email)}\n{address}", algorithm="sha256").hexdigest()
    return digest[:5]
