"""Tokens of SCIM connections: list, issue, rotate, read, revoke."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from provisioning.actions.tokens import MOST_TOGETHER, Retirement, issue_token, revoke_token, rotate_token
from provisioning.api.connections import OfConnection, connections_of, refuse_reaching_elsewhere
from provisioning.models import ProvisioningConnection, ScimToken
from workspace.api.core.calls import Call
from workspace.api.core.endpoints import Endpoint
from workspace.api.core.fields import Answer, Choice, Input, Moment
from workspace.api.core.operations import operation
from workspace.api.core.paging import Page, PageQuery, page
from workspace.api.core.problems import wrong
from workspace.api.shown_people import ID, TIME
from workspace.tokens import prefix_of


class NewRetirement(Input):
    """When the new token retires the old one."""

    retirement = Choice(Retirement.choices, default=Retirement.FIRST_USE)
    retires_at = Moment(required=False, help_text=f"For the retirement date: within {MOST_TOGETHER.days} days.")

    example = {"retirement": "first_use"}


class ScimTokenAnswer(Answer):
    """A token of a SCIM connection."""

    id = serializers.UUIDField()
    masked = serializers.CharField(help_text="What pages show of it.")
    is_live = serializers.BooleanField(help_text="Whether requests with it are answered.")
    replaces = serializers.UUIDField(
        source="replaces_id", allow_null=True, help_text="The token that its first use retires."
    )
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True)
    last_used_from = serializers.CharField(allow_null=True, help_text="The IP address of its last use.")

    example = {
        "id": ID,
        "masked": "scim_k3x9p2m4qa_••••••••••••7Qf4",
        "is_live": True,
        "replaces": None,
        "created_at": TIME,
        "expires_at": None,
        "revoked_at": None,
        "last_used_at": TIME,
        "last_used_from": "192.0.2.7",
    }

    @classmethod
    def shown(cls, rows: list[Any], call: Call) -> list[dict[str, Any]]:
        return [vars(token) | {"masked": token.masked, "is_live": token.is_live(call.now)} for token in rows]


class NewScimTokenAnswer(ScimTokenAnswer):
    """A token that was just made, in clear."""

    token = serializers.CharField(help_text="The token itself. No other answer has it.")

    example = {**ScimTokenAnswer.example, "last_used_at": None, "last_used_from": None, "token": "scim_k3x9p2m4qa_…"}

    @classmethod
    def shown(cls, rows: list[Any], call: Call) -> list[dict[str, Any]]:
        """Return each row, which is given with its clear text, as an answer."""
        shown = super().shown([token for token, _ in rows], call)
        return [values | {"token": clear} for values, (_, clear) in zip(shown, rows, strict=True)]


class Tokens(OfConnection):
    """The tokens of one connection."""

    @operation("List tokens of a SCIM connection", "Also those that are over.", asks=PageQuery, lists=ScimTokenAnswer)
    def get(self, call: Call, connection: ProvisioningConnection, asked: dict[str, Any]) -> Page:
        return page(connection.tokens.all(), asked)

    @operation(
        "Issue a token of a SCIM connection",
        "Beside the live one, if there is one. The answer alone has its clear text.",
        gives=NewScimTokenAnswer,
        status=201,
    )
    def post(self, call: Call, connection: ProvisioningConnection) -> tuple[ScimToken, str]:
        refuse_reaching_elsewhere(connection, call)
        return _with_row(connection, issue_token(connection=connection, by=call.by))


class Rotation(OfConnection):
    """A token in place of the live one."""

    @operation(
        "Rotate the token of a SCIM connection",
        "The old one retires at the first use of the new one, at a date, or at once.",
        takes=NewRetirement,
        gives=NewScimTokenAnswer,
    )
    def post(self, call: Call, connection: ProvisioningConnection, given: dict[str, Any]) -> tuple[ScimToken, str]:
        refuse_reaching_elsewhere(connection, call)
        retirement, retires_at = Retirement(given["retirement"]), given.get("retires_at")
        if retires_at and retirement != Retirement.DATE:
            raise wrong("retires_at", "invalid", "A time belongs to the retirement date alone.")
        clear = rotate_token(
            connection=connection, retirement=retirement, retires_at=retires_at, now=call.now, by=call.by
        )
        return _with_row(connection, clear)


class OneToken(Endpoint):
    """One token."""

    noun, thing, key = "scim-connections", ScimTokenAnswer, "token"

    def find(self, call: Call) -> "QuerySet[ScimToken]":
        found = ScimToken.objects.filter(connection__in=connections_of(call), connection=self.kwargs["connection"])
        provider = "connection__environment_provider__"
        return found.select_related(f"{provider}environment__workspace", f"{provider}identity_provider")

    @operation("Read a token of a SCIM connection", gives=ScimTokenAnswer)
    def get(self, call: Call, token: ScimToken) -> ScimToken:
        return token

    @operation("Revoke a token of a SCIM connection", "Requests with it are refused from now on.")
    def delete(self, call: Call, token: ScimToken) -> None:
        revoke_token(token=token, by=call.by)


def _with_row(connection: ProvisioningConnection, clear: str) -> tuple[ScimToken, str]:
    return connection.tokens.get(prefix=prefix_of(clear)), clear
