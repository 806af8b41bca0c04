"""What SAML flows remember between their steps, which messages are consumed, and which person a NameID means."""

from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any, Self, TypeVar
from uuid import UUID

from django.db import IntegrityError, models

from authentication.models.providers import EnvironmentProvider, IdentityProvider, SigningCertificate
from workspace.db.changes import PreparedDeletion, Update
from workspace.db.lists import ListOf
from workspace.db.parameters import Typed
from workspace.db.prepared import RememberingRelated
from workspace.db.saving import PreparedSave
from workspace.db.statement import Statement, insertion_of, update_of
from workspace.db.together import Write, write_together
from workspace.models import EndUser
from workspace.models.base import Entity

Row_co = TypeVar("Row_co", bound=models.Model, covariant=True)

# Each sweep deletes more rows than one sign-in adds.
SWEPT_AT_ONCE = 50
# So many requests of one network, and of all, wait for an answer; a further one replaces the oldest (security.md S16).
OPEN_OF_A_NETWORK = 1000
OPEN_OF_ALL = 20_000


class ExpiringQuerySet(models.QuerySet[Row_co]):
    """Rows that are useless after a time."""

    def alive(self, now: datetime) -> Self:
        return self.filter(expires_at__gt=now)

    def expired(self, now: datetime) -> Self:
        return self.filter(expires_at__lte=now)

    def sweep(self, now: datetime) -> None:
        """Delete some of the expired rows. Every sign-in does, so no job has to."""
        write_together([self.swept(now)])

    def swept(self, now: datetime) -> Write:
        """Return the DELETE of some of the expired rows."""
        return _expired(self.model)(now)


@cache
def _expired(model: type[models.Model]) -> PreparedDeletion:
    return PreparedDeletion(
        lambda now: model._base_manager.filter(expires_at__lte=now).order_by("expires_at")[:SWEPT_AT_ONCE],
        (model, "expires_at"),
        skips_locked=True,
    )


class AuthnRequestQuerySet(ExpiringQuerySet["AuthnRequest"]):
    """Questions about requests."""

    def open(self, now: datetime) -> Self:
        """Return requests that may still be answered."""
        return self.alive(now).filter(consumed_at=None)

    def to(self, provider: UUID) -> Self:
        """Return requests to one provider, with everything that a decision about the answer needs."""
        pinned = SigningCertificate.objects.filter(identity_provider=provider)
        rows = self.filter(environment_provider__identity_provider=provider).annotate(pems=ListOf(pinned, "pem"))
        return rows.select_related(
            "environment_provider__environment__workspace", "environment_provider__identity_provider"
        )

    def to_neighbours(self, provider: UUID) -> Self:
        """Return requests to the providers of the same workspace."""
        rows = self.filter(environment_provider__identity_provider__workspace__identity_providers=provider)
        return rows.select_related("environment_provider__identity_provider")

    def asked(self, provider: UUID, pk: str) -> "AuthnRequest | None":
        """Return the request to this provider with that ID, with everything that a decision about it needs."""
        return _asked.first(provider, pk)

    def answered(self) -> Self:
        """Return requests whose answer waits for the browser."""
        return self.exclude(response="", refusal="")

    def room_for(self, request: "AuthnRequest") -> list[Write]:
        """Return the DELETEs of the oldest requests of its network, and of all, where it would be one too many."""
        use, network = request.environment_provider_id, request.network
        return [
            _surplus(OPEN_OF_A_NETWORK, True)(use, request.pk, network),
            _surplus(OPEN_OF_ALL, False)(use, request.pk),
        ]

    def keep_answer(self, pk: str, *, response: str, claims: str = "", refusal: str = "", now: datetime) -> None:
        """Store the answer to a request, or why it is refused, if the request is still open."""
        _keep_answer(pk, response, claims, refusal, now)

    def forget_answer(self, pk: str) -> None:
        """Delete the answer to a request, which stays open."""
        self.filter(pk=pk).update(response="", claims="", refusal="")

    def use_up(self, pk: str, now: datetime) -> bool:
        """Let a request count once; of several at once, one gets True."""
        return write_together([self.used_up(pk, now)]) is not None

    def used_up(self, pk: str, now: datetime) -> Write:
        """Return the UPDATE that lets a request count once."""
        return _use_up(), (now, "", "", pk, now)


class AuthnRequest(PreparedSave):
    """A request on its way to an IdP, bound to the browser that was sent there (security.md S6)."""

    # The ID of the SAML message, which nobody can guess.
    id = models.CharField(primary_key=True, max_length=64)
    environment_provider = models.ForeignKey(EnvironmentProvider, models.CASCADE, related_name="authn_requests")
    nonce_digest = models.CharField(max_length=64)
    next_path = models.CharField(max_length=500, blank=True)
    # Set for a test, which signs nobody in.
    tester_id = models.CharField("administrator who tests", max_length=36, blank=True)
    # What a successful test proves: the digest of the provider's configuration when it began.
    configuration = models.CharField(max_length=64, blank=True, editable=False)
    expires_at = models.DateTimeField(db_index=True)
    # The answer as it was posted from the IdP's site, until our own site asks for it with the browser's cookie.
    # One that is refused is not kept, but why it is (`saml_requests.py`).
    response = models.TextField(blank=True, editable=False)
    refusal = models.TextField(blank=True, editable=False)
    # What the response says, as long as `saml/keeping.py` can tell that reading it again would say the same.
    claims = models.TextField(blank=True, editable=False)
    network = models.CharField(max_length=45, blank=True, editable=False)
    # What the person typed on our page before, for attempts whose response names nobody. It proves nothing.
    typed_address = models.CharField(max_length=254, blank=True, editable=False)
    consumed_at = models.DateTimeField(null=True, blank=True)
    # The pinned certificates of the provider, where the request was read with everything.
    pems: list[str]

    objects = AuthnRequestQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["environment_provider", "network", "-expires_at"], name="authn_request_by_network")
        ]

    def __str__(self) -> str:
        return self.id

    def is_open(self, now: datetime) -> bool:
        """Say whether it may still be answered."""
        return self.consumed_at is None and self.expires_at > now

    @property
    def is_answered(self) -> bool:
        """Say whether an answer waits for the browser."""
        return bool(self.response or self.refusal)


_asked = RememberingRelated(
    lambda provider, pk: AuthnRequest.objects.to(provider).filter(pk=pk),
    (IdentityProvider, "id"),
    (AuthnRequest, "id"),
)


_keep_answer = Update(
    lambda pk, response, claims, refusal, now: (
        AuthnRequest.objects.open(now).filter(pk=pk),
        {"response": response, "claims": claims, "refusal": refusal},
    ),
    (AuthnRequest, "id"),
    (AuthnRequest, "response"),
    (AuthnRequest, "claims"),
    (AuthnRequest, "refusal"),
    (AuthnRequest, "expires_at"),
)


@cache
def _surplus(most: int, is_of_network: bool) -> PreparedDeletion:
    """Return the DELETE of the oldest requests to a provider but a new one, with which there are more than `most`."""

    def rows(use: Any, new: object, *network: object) -> "models.QuerySet[AuthnRequest]":
        others = AuthnRequest.objects.filter(environment_provider=use).exclude(pk=new).order_by("-expires_at")
        if is_of_network:
            others = others.filter(network=network[0])
        return others[most - 1 : most - 1 + SWEPT_AT_ONCE]

    fields: list[Typed] = [(EnvironmentProvider, "id"), (AuthnRequest, "id")]
    return PreparedDeletion(rows, *fields, *([(AuthnRequest, "network")] if is_of_network else []))


@cache
def _use_up() -> Statement:
    update = update_of(AuthnRequest, "consumed_at", "response", "claims")
    return replace(update, where=f"{update.where} AND consumed_at IS NULL AND expires_at > %s")


class ConsumedMessageQuerySet(ExpiringQuerySet["ConsumedMessage"]):
    """Questions about consumed messages."""

    def consume(self, *, identity_provider: UUID, kind: str, message_id: str, expires_at: datetime) -> bool:
        """Let a message count once; of several at once, one gets True.

        A replay breaks the transaction off: who goes on in it needs `transaction.atomic()` around this.
        """
        try:
            write_together([self.consumed(identity_provider, kind, message_id, expires_at)])
        except IntegrityError:
            return False
        return True

    def consumed(self, identity_provider: UUID, kind: str, message_id: str, expires_at: datetime) -> Write:
        """Return the INSERT that lets a message count once. It raises IntegrityError for a replay."""
        return _consume, (identity_provider, kind, message_id, expires_at)


class ConsumedMessage(models.Model):
    """The ID of a message of an IdP that has had its effect, as long as it could be sent again (S7, S14)."""

    class Kind(models.TextChoices):
        ASSERTION = "assertion", "Assertion"
        LOGOUT_REQUEST = "logout", "Logout request"

    identity_provider = models.ForeignKey(
        IdentityProvider, models.CASCADE, related_name="consumed_messages", db_index=False
    )
    kind = models.CharField(max_length=10, choices=Kind)
    message_id = models.CharField(max_length=256)
    expires_at = models.DateTimeField(db_index=True)

    objects = ConsumedMessageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["identity_provider", "kind", "message_id"], name="consumed_message_unique")
        ]

    def __str__(self) -> str:
        return self.message_id


_consume = insertion_of(ConsumedMessage, "identity_provider", "kind", "message_id", "expires_at")


class SamlIdentity(Entity):
    """The person whom an IdP means by a NameID, whatever happens to the address (S11).

    The namespace is the issuer with the format of the NameID. Namespace and NameID are indexed as digests, because
    they are too long for an index. A NameID that is the person's address has no row.
    """

    identity_provider = models.ForeignKey(IdentityProvider, models.CASCADE, related_name="identities", db_index=False)
    namespace = models.CharField(max_length=64, editable=False)
    name_id_digest = models.CharField(max_length=64, editable=False)
    name_id = models.CharField("NameID", max_length=1024)
    end_user = models.ForeignKey(EndUser, models.CASCADE, related_name="saml_identities")
    # A merge brought it to a person who has another NameID in the namespace.
    is_second = models.BooleanField(default=False, editable=False)

    class Meta:
        verbose_name_plural = "SAML identities"
        constraints = [
            models.UniqueConstraint(
                fields=["identity_provider", "namespace", "name_id_digest"], name="saml_identity_unique"
            ),
            models.UniqueConstraint(
                fields=["identity_provider", "namespace", "end_user"],
                condition=models.Q(is_second=False),
                name="saml_identity_person_unique",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.end_user} at {self.identity_provider}"
