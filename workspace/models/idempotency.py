"""Answers of the management API, kept so that a repeated request is not done twice."""

from datetime import timedelta

from django.db import models

from workspace.models.api_tokens import ApiToken
from workspace.models.base import Entity


class IdempotentRequest(Entity):
    """A request with an Idempotency-Key, and its answer. Each token has keys of its own."""

    KEPT = timedelta(hours=24)

    token = models.ForeignKey(ApiToken, models.CASCADE, related_name="idempotent_requests", db_index=False)
    key = models.CharField(max_length=255)
    # Of method, path and body.
    fingerprint = models.CharField(max_length=64)
    # Status, headers and body as JSON. They may name people and hold new tokens.
    sealed_answer = models.TextField(blank=True, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token", "key"], name="idempotency_key_unique")]
        indexes = [models.Index(fields=["created_at"], name="idempotent_request_by_age")]

    def __str__(self) -> str:
        return f"{self.key} of {self.token}"
