"""What the SAML flow remembers between its steps, and which person a NameID stands for."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from django.db import models

from authentication.models.providers import EnvironmentProvider, IdentityProvider
from workspace.db.prepared import Prepared, PreparedInsert, Update
from workspace.models import EndUser
from workspace.models.base import Entity

# More than one sign-in makes of each table, so what has expired gets less and less.
SWEPT_AT_ONCE = 50


class ExpiringQuerySet(models.QuerySet):
    """Rows that are of no use after a time."""

    def alive(self, now: datetime) -> Self:
        return self.filter(expires_at__gt=now)

    def expired(self, now: datetime) -> Self:
        return self.filter(expires_at__lte=now)

    def sweep(self, now: datetime) -> None:
        """Delete some of what has expired, in a transaction: every sign-in is an occasion, so no job has to."""
        expired = self.expired(now).order_by("expires_at").select_for_update(skip_locked=True)
        self.filter(pk__in=list(expired.values_list("pk", flat=True)[:SWEPT_AT_ONCE])).delete()


class AuthnRequestQuerySet(ExpiringQuerySet):
    """Questions about requests."""

    def open(self, now: datetime) -> Self:
        """Those that may still be answered."""
        return self.alive(now).filter(consumed_at=None)

    def to(self, provider: Any) -> Self:
        """Those to one provider, with all that deciding about the answer needs."""
        rows = self.filter(environment_provider__identity_provider=provider)
        return rows.select_related(
            "environment_provider__environment__workspace", "environment_provider__identity_provider"
        )

    def asked(self, provider: UUID, pk: str) -> "AuthnRequest | None":
        """The one to this provider with that ID."""
        return _asked.first(provider, pk)

    def claimed(self, provider: UUID, pk: str) -> "AuthnRequest | None":
        """The same without what deciding needs: anybody can post an answer, and nothing is decided yet."""
        return _claimed.first(provider, pk)

    def keep_response(self, pk: str, response: str, now: datetime) -> bool:
        """Keep the answer to a request; tells whether that is still open."""
        return bool(_keep_response(pk, response, now))

    def use_up(self, pk: str, now: datetime) -> bool:
        """Let a request count once; of several at once, one is told so."""
        return bool(_use_up(pk, now))


class AuthnRequest(PreparedInsert):
    """A request on its way to an IdP, bound to the browser that was sent there (security.md S6)."""

    # The ID of the SAML message, which nobody can guess.
    id = models.CharField(primary_key=True, max_length=64)
    environment_provider = models.ForeignKey(EnvironmentProvider, models.CASCADE, related_name="authn_requests")
    nonce_digest = models.CharField(max_length=64)
    next_path = models.CharField(max_length=500, blank=True)
    # Whose test this is; a test signs nobody in.
    tester_id = models.CharField("administrator who tests", max_length=36, blank=True)
    expires_at = models.DateTimeField(db_index=True)
    # The answer as it was posted from the IdP's site, until our own site asks for it with the browser's cookie.
    response = models.TextField(blank=True, editable=False)
    consumed_at = models.DateTimeField(null=True, blank=True)

    objects = AuthnRequestQuerySet.as_manager()

    def __str__(self) -> str:
        return self.id

    def is_open(self, now: datetime) -> bool:
        """Whether it may still be answered."""
        return self.consumed_at is None and self.expires_at > now


_asked = Prepared(
    lambda provider, pk: AuthnRequest.objects.to(provider).filter(pk=pk),
    (IdentityProvider, "id"),
    (AuthnRequest, "id"),
)


_claimed = Prepared(
    lambda provider, pk: AuthnRequest.objects.filter(environment_provider__identity_provider=provider, pk=pk),
    (IdentityProvider, "id"),
    (AuthnRequest, "id"),
)


_keep_response = Update(
    lambda pk, response, now: (AuthnRequest.objects.open(now).filter(pk=pk), {"response": response}),
    (AuthnRequest, "id"),
    (AuthnRequest, "response"),
    (AuthnRequest, "expires_at"),
)


_use_up = Update(
    lambda pk, now: (AuthnRequest.objects.open(now).filter(pk=pk), {"consumed_at": now, "response": ""}),
    (AuthnRequest, "id"),
    (AuthnRequest, "expires_at"),
)


class ConsumedAssertion(models.Model):
    """The id of an assertion that has signed somebody in, as long as it could be posted again (S7)."""

    identity_provider = models.ForeignKey(
        IdentityProvider, models.CASCADE, related_name="consumed_assertions", db_index=False
    )
    assertion_id = models.CharField(max_length=256)
    expires_at = models.DateTimeField(db_index=True)

    objects = ExpiringQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["identity_provider", "assertion_id"], name="consumed_assertion_unique")
        ]

    def __str__(self) -> str:
        return self.assertion_id


class SamlIdentity(Entity):
    """The person whom an IdP means by a NameID: found again whatever happens to the address (S11).

    A NameID means something only for its issuer and in its format: the namespace. Both are kept as digests, because
    no index takes texts of that length. One that is the person's address needs no row.
    """

    identity_provider = models.ForeignKey(IdentityProvider, models.CASCADE, related_name="identities", db_index=False)
    namespace = models.CharField(max_length=64, editable=False)
    name_id_digest = models.CharField(max_length=64, editable=False)
    name_id = models.CharField("NameID", max_length=1024)
    end_user = models.ForeignKey(EndUser, models.CASCADE, related_name="saml_identities")

    class Meta:
        verbose_name_plural = "SAML identities"
        constraints = [
            models.UniqueConstraint(
                fields=["identity_provider", "namespace", "name_id_digest"], name="saml_identity_unique"
            ),
            models.UniqueConstraint(
                fields=["identity_provider", "namespace", "end_user"], name="saml_identity_person_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.end_user} at {self.identity_provider}"
