"""Sessions, sign-in attempts, and the single-use links that set passwords."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from authentication.models.providers import IdentityProvider
from workspace.db.keys import canonical, new_id
from workspace.db.saving import PreparedSave
from workspace.models import EndUser, Environment, EnvironmentAccess, Workspace
from workspace.models.base import Entity, label_of
from workspace.tokens import digest_of
from workspace.visits import browser_of

# A session lasts a working day, then the identity provider is asked again. Losing access ends it at once.
IDLE_AGE, GREATEST_AGE = timedelta(hours=8), timedelta(hours=24)
# `last_seen_at` is written at most this often, which is enough for an idle time of hours.
SEEN_EVERY = timedelta(minutes=5)


class _FromBrowser(PreparedSave):
    """A row that remembers the browser it came from."""

    address = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.CharField(max_length=300, blank=True)

    class Meta:
        abstract = True

    @property
    def browser(self) -> str:
        """Return the browser in words, as "Firefox on Windows"."""
        return browser_of(self.user_agent)


def _held_access(since: str) -> models.Exists:
    """Return whether the row's person has had access to its environment since that time of the row."""
    return models.Exists(
        EnvironmentAccess.objects.filter(
            end_user=models.OuterRef("end_user"),
            environment=models.OuterRef("environment"),
            created_at__lte=models.OuterRef(since),
        )
    )


class EndUserSessionQuerySet(models.QuerySet["EndUserSession"]):
    """Questions about sessions; start from `end_user.sessions` or `environment.end_user_sessions`."""

    def usable(self, now: datetime) -> Self:
        """Return the sessions that count: not ended, of a person who has been active and had access all the time.

        Access that was taken away and given again is a new row: it does not bring old sessions back.
        """
        return self.filter(
            _held_access("created_at"),
            end_user__status=EndUser.Status.ACTIVE,
            end_user__active_since__lte=models.F("created_at"),
            ended_at=None,
            expires_at__gt=now,
            last_seen_at__gt=now - IDLE_AGE,
        )

    def of(self, environment: Environment) -> Self:
        return self.filter(environment=environment)

    def through(self, provider: UUID) -> Self:
        return self.filter(identity_provider=provider)

    def through_any_provider(self) -> Self:
        return self.exclude(identity_provider=None)

    def with_password(self) -> Self:
        """Return the sessions without a provider. What a removed one opened still has the digest of a NameID."""
        return self.filter(identity_provider=None, name_id_digest="")

    def opened_by(self, token: str) -> Self:
        return self.filter(digest=digest_of(token))

    def named(self, name_id_digests: Sequence[str], session_indexes: Sequence[str]) -> Self:
        """Return the sessions of these NameIDs; with indexes only those of an index, and those without any."""
        named = self.filter(name_id_digest__in=name_id_digests)
        return named.filter(session_index__in=["", *session_indexes]) if session_indexes else named

    def end(self, reason: str, now: datetime) -> int:
        """End the sessions that are still open, and return how many."""
        return self.filter(ended_at=None).update(ended_at=now, end_reason=reason, updated_at=now)


class EndUserSession(Entity, _FromBrowser):
    """A person signed in to one environment in one browser, whose cookie holds the token."""

    class EndReason(models.TextChoices):
        SIGNED_OUT = "signed_out", _("Signed out")
        PASSWORD_CHANGED = "password_changed", _("Password changed")
        SIGNED_OUT_AT_PROVIDER = "signed_out_at_provider", _("Signed out at the identity provider")
        ENDED_BY_ADMINISTRATOR = "ended_by_administrator", _("Ended by an administrator")
        NOT_USABLE = "not_usable", _("Expired, or the person lost access")

    end_user = models.ForeignKey(EndUser, models.CASCADE, related_name="sessions", db_index=False)
    environment = models.ForeignKey(Environment, models.CASCADE, related_name="end_user_sessions")
    identity_provider = models.ForeignKey(
        IdentityProvider, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    digest = models.CharField(max_length=64, editable=False)
    last_seen_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=30, choices=EndReason, blank=True)
    # What the identity provider calls this sign-in. Single logout sends it and is found by it.
    sealed_name_id = models.TextField(blank=True, editable=False)
    name_id_digest = models.CharField(max_length=64, blank=True, editable=False)
    session_index = models.CharField(max_length=500, blank=True)

    objects = EndUserSessionQuerySet.as_manager()

    class Meta:
        ordering = ["-last_seen_at"]
        constraints = [models.UniqueConstraint(fields=["digest"], name="end_user_session_digest_unique")]
        indexes = [
            models.Index(fields=["end_user", "-last_seen_at"], name="end_user_session_by_person"),
            models.Index(fields=["identity_provider", "name_id_digest"], name="end_user_session_by_name_id"),
        ]

    def __str__(self) -> str:
        return f"{self.end_user} in {self.environment} since {self.created_at:%Y-%m-%d %H:%M}"

    def touch(self, now: datetime) -> None:
        """Save that the session is in use, at most every `SEEN_EVERY`."""
        if now - self.last_seen_at >= SEEN_EVERY:
            self.last_seen_at = now
            self.save(update_fields=["last_seen_at", "updated_at"])


class SignInAttemptQuerySet(models.QuerySet["SignInAttempt"]):
    """Questions about attempts; start from `environment.sign_in_attempts`."""

    def of(self, workspace: Workspace) -> Self:
        return self.filter(workspace_id=workspace.pk)

    def by_email(self, email: str) -> Self:
        return self.filter(email_key=_email_key(email))

    def refused_in(self, environment: Environment, since: UUID) -> Self:
        """Return the rows of refused attempts in an environment from that id on."""
        return self.filter(environment=environment, pk__gte=since, fold_key__isnull=False).order_by()

    def from_network(self, network: str) -> Self:
        return self.filter(network=network)

    def with_password(self) -> Self:
        """Return attempts without an identity provider. A removed provider leaves its name, so it counts as one."""
        return self.filter(provider_name="")


class SignInAttempt(_FromBrowser):
    """One attempt to sign in and its outcome, or equal refused ones of an hour.

    Its id is the id of the first request, and the reference that the person sees.
    """

    class Outcome(models.TextChoices):
        SUCCEEDED = "succeeded", _("Signed in")
        REFUSED = "refused", _("Refused")
        LOGOUT_REFUSED = "no_logout", _("Single sign-out refused")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    at = models.DateTimeField(default=timezone.now)
    workspace_id = models.UUIDField()
    environment = models.ForeignKey(Environment, models.CASCADE, related_name="sign_in_attempts", db_index=False)
    identity_provider = models.ForeignKey(
        IdentityProvider, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    provider_name = models.CharField(max_length=100, blank=True)
    email = models.CharField("email address as typed", max_length=254, blank=True)
    email_key = models.CharField(max_length=500, blank=True, editable=False)
    end_user = models.ForeignKey(
        EndUser, models.SET_NULL, null=True, blank=True, related_name="sign_in_attempts", db_index=False
    )
    outcome = models.CharField(max_length=10, choices=Outcome)
    reason = models.CharField(max_length=40, blank=True)
    # What an administrator should know of it, in sentences.
    notes = models.JSONField(default=list, blank=True)
    # What the IdP sent that is not as expected: a list of `saml.difference.Difference`.
    differences = models.JSONField(default=list, blank=True)
    # Set for refused attempts, which are counted in the row of their like.
    count = models.PositiveIntegerField(default=1)
    last_at = models.DateTimeField(null=True, blank=True)
    network = models.CharField(max_length=45, blank=True, editable=False)
    fold_key = models.CharField(max_length=64, null=True, blank=True, editable=False)  # noqa: DJ001 -- unique if set

    objects = SignInAttemptQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        # Each index has every column of its query: without statistics SQLite would scan the environment instead.
        indexes = [
            models.Index(fields=["environment", "-id"], name="attempt_by_environment"),
            models.Index(fields=["environment", "outcome", "-id"], name="attempt_by_outcome"),
            models.Index(fields=["workspace_id", "email_key", "-id"], name="attempt_by_email"),
            models.Index(fields=["identity_provider", "environment", "-id"], name="attempt_by_provider"),
            models.Index(
                fields=["identity_provider", "environment", "outcome", "-id"], name="attempt_by_provider_outcome"
            ),
            models.Index(fields=["end_user", "environment", "-id"], name="attempt_by_person"),
            models.Index(
                fields=["environment", "network", "-id"],
                name="attempt_refused_by_network",
                condition=models.Q(fold_key__isnull=False),
            ),
        ]
        constraints = [models.UniqueConstraint(fields=["fold_key"], name="attempt_fold_key_unique")]

    def __str__(self) -> str:
        return f"{self.email or 'Unknown'}: {self.outcome_in_words}"

    @property
    def outcome_in_words(self) -> str:
        return label_of(self.Outcome, self.outcome)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.set_keys()
        super().save(*args, **kwargs)

    def set_keys(self) -> None:
        """Cut the address to its column, and compute its key. `save` calls it."""
        self.email, self.email_key = self.email[:254], _email_key(self.email)

    @property
    def succeeded(self) -> bool:
        return self.outcome == self.Outcome.SUCCEEDED


def _email_key(email: str) -> str:
    return canonical(email)[:500]


class PasswordTicketQuerySet(models.QuerySet["PasswordTicket"]):
    """Questions about links; start from `environment.password_tickets`."""

    def usable(self, now: datetime) -> Self:
        """Return links that still work: unused, in time, the person still has access here and the same address."""
        return self.filter(
            _held_access("created_at"),
            end_user__status=EndUser.Status.ACTIVE,
            end_user__email_key=models.F("email_key"),
            used_at=None,
            expires_at__gt=now,
        )

    def opened_by(self, token: str) -> Self:
        return self.filter(digest=digest_of(token))


class PasswordTicket(Entity):
    """A link, mailed to a person, that sets the password once."""

    class Kind(models.TextChoices):
        INVITATION = "invitation", "Invitation"
        RESET = "reset", "Password reset"

    kind = models.CharField(max_length=10, choices=Kind)
    end_user = models.ForeignKey(EndUser, models.CASCADE, related_name="password_tickets")
    environment = models.ForeignKey(Environment, models.CASCADE, related_name="password_tickets")
    email_key = models.CharField("mailed to", max_length=500)
    digest = models.CharField(max_length=64, editable=False)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    objects = PasswordTicketQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["digest"], name="password_ticket_digest_unique")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} for {self.end_user}"
