"""How the API shows identity providers: with how each environment uses them, and what waits for confirmation."""

from collections import defaultdict
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from rest_framework import serializers

from authentication import pending
from authentication.actions.metadata_refresh import offered_state
from authentication.actions.provider_states import connection_state
from authentication.models import EnvironmentProvider, IdentityProvider
from authentication.models.providers import EnvironmentProviderQuerySet
from authentication.sentences import in_words
from workspace.api.core.calls import Call
from workspace.api.core.fields import Answer
from workspace.api.shown_people import ID, TIME
from workspace.console.navigation import page_url

_FINGERPRINT = "3F:1A:…"


class UseAnswer(Answer):
    """How one environment uses an identity provider."""

    id = serializers.UUIDField()
    environment = serializers.UUIDField(source="environment_id")
    provider = serializers.UUIDField(source="identity_provider_id")
    state = serializers.ChoiceField(EnvironmentProvider.State.choices)
    is_enabled = serializers.BooleanField()
    enforcement = serializers.ChoiceField(
        EnvironmentProvider.Enforcement.choices, help_text="Who has to sign in with the provider."
    )
    domains = serializers.ListField(child=serializers.CharField(), source="domain_names")
    wished_enforcement = serializers.CharField(
        help_text="The enforcement that starts after a test sign-in; empty if none waits."
    )
    wished_domains = serializers.ListField(child=serializers.CharField())
    method = serializers.ChoiceField(EnvironmentProvider.Method.choices, help_text="The provisioning method.")
    syncs_groups = serializers.BooleanField(help_text="Whether memberships follow each sign-in, with the method jit.")
    tested_at = serializers.DateTimeField(allow_null=True, help_text="The last successful test sign-in.")
    test_url = serializers.CharField(help_text="The page on which an administrator makes a test sign-in.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    example = {
        "id": ID,
        "environment": ID,
        "provider": ID,
        "state": "on",
        "is_enabled": True,
        "enforcement": "selected_domains",
        "domains": ["acme.com"],
        "wished_enforcement": "",
        "wished_domains": [],
        "method": "manual",
        "syncs_groups": False,
        "tested_at": TIME,
        "test_url": "https://login.example/workspaces/acme/dev/authentication/providers/…/test/",
        "created_at": TIME,
        "updated_at": TIME,
    }

    @classmethod
    def shown(cls, rows: list[Any], call: Call) -> list[EnvironmentProvider]:
        """Add the link to the test sign-in."""
        for row in rows:
            row.environment.workspace = call.workspace
            path = page_url("authentication:provider-test", row.environment, provider=row.identity_provider_id)
            row.test_url = settings.ORIGIN + path
            row.wished_domains = row.as_wished().domain_names if row.wished_enforcement else []
        return rows


class CertificateAnswer(Answer):
    """A certificate that the identity provider signs with."""

    id = serializers.UUIDField()
    fingerprint = serializers.CharField(help_text="SHA-256.")
    subject = serializers.CharField()
    not_before = serializers.DateTimeField()
    not_after = serializers.DateTimeField()
    pem = serializers.CharField()

    example = {
        "id": ID,
        "fingerprint": _FINGERPRINT,
        "subject": "CN=idp.example",
        "not_before": TIME,
        "not_after": TIME,
        "pem": "-----BEGIN CERTIFICATE-----\nMIIC…\n-----END CERTIFICATE-----\n",
    }


class DifferenceAnswer(Answer):
    """A value that changed metadata would change."""

    name = serializers.CharField()
    before = serializers.JSONField()
    after = serializers.JSONField()

    example = {"name": "certificates", "before": [_FINGERPRINT], "after": ["77:0C:…"]}


class PendingAnswer(Answer):
    """Changed metadata that is not in force until somebody confirms it."""

    digest = serializers.CharField(help_text="To be sent with the decision, so that it is about what was seen.")
    fetched_at = serializers.DateTimeField()
    differences = DifferenceAnswer(many=True)
    certificates = serializers.ListField(child=serializers.CharField(), help_text="All certificates of it, as PEM.")

    example = {
        "digest": "9b74c9897bac770f…",
        "fetched_at": TIME,
        "differences": [DifferenceAnswer.example],
        "certificates": [CertificateAnswer.example["pem"]],
    }


class ProviderAnswer(Answer):
    """An identity provider, set up once in the workspace."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    vendor = serializers.ChoiceField(IdentityProvider.Vendor.choices)
    is_set_up = serializers.BooleanField(help_text="Whether the identity provider's side is known.")
    sp_entity_id = serializers.CharField(help_text="What the identity provider is to know us by. Also our metadata.")
    acs_url = serializers.CharField(help_text="Where the identity provider is to send its answers.")
    sp_slo_url = serializers.CharField(help_text="Where the identity provider is to send logout messages.")
    metadata_source = serializers.CharField(help_text="url, xml or fields; empty until it is set up.")
    metadata_url = serializers.CharField()
    metadata_fetched_at = serializers.DateTimeField(allow_null=True)
    metadata_valid_until = serializers.DateTimeField(allow_null=True)
    entity_id = serializers.CharField(help_text="The issuer of the identity provider.")
    sso_url = serializers.CharField()
    sso_binding = serializers.CharField(help_text="redirect or post.")
    slo_url = serializers.CharField()
    signs_requests = serializers.BooleanField(source="must_sign_requests")
    allows_sha1 = serializers.BooleanField()
    allows_idp_initiated = serializers.BooleanField()
    pending_metadata = PendingAnswer(allow_null=True)
    uses = UseAnswer(many=True, help_text="In the environments that the token can see.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    example = {
        "id": ID,
        "name": "Okta Dev",
        "vendor": "okta",
        "is_set_up": True,
        "sp_entity_id": "https://login.example/saml/…/metadata",
        "acs_url": "https://login.example/saml/…/acs",
        "sp_slo_url": "https://login.example/saml/…/slo",
        "metadata_source": "url",
        "metadata_url": "https://idp.example/metadata",
        "metadata_fetched_at": TIME,
        "metadata_valid_until": None,
        "entity_id": "https://idp.example",
        "sso_url": "https://idp.example/sso",
        "sso_binding": "redirect",
        "slo_url": "",
        "signs_requests": False,
        "allows_sha1": False,
        "allows_idp_initiated": False,
        "pending_metadata": None,
        "uses": [UseAnswer.example],
        "created_at": TIME,
        "updated_at": TIME,
    }

    @classmethod
    def shown(cls, rows: list[Any], call: Call) -> list[dict[str, Any]]:
        """Add the uses that the token can see, by one query, and what waits for confirmation."""
        uses: dict[UUID, list[EnvironmentProvider]] = defaultdict(list)
        of_these = uses_of(call).filter(identity_provider__in=[provider.pk for provider in rows])
        for use in UseAnswer.shown(list(of_these.order_by("created_at", "pk")), call):
            uses[use.identity_provider_id].append(use)
        return [{**_values(provider), "uses": uses[provider.pk]} for provider in rows]


class ConnectedProviderAnswer(ProviderAnswer):
    """An identity provider whose metadata or values were just read."""

    left_out = serializers.ListField(
        child=serializers.CharField(),
        help_text="About each certificate that cannot be used: what it signs is refused.",
    )

    example = {**ProviderAnswer.example, "left_out": []}

    @classmethod
    def shown(cls, rows: list[Any], call: Call) -> list[dict[str, Any]]:
        """Return each row, which is a provider with what was left out, as an answer."""
        shown = super().shown([provider for provider, _ in rows], call)
        return [
            values | {"left_out": [in_words(sentence) for sentence in left_out]}
            for values, (_, left_out) in zip(shown, rows, strict=True)
        ]


def uses_of(call: Call) -> EnvironmentProviderQuerySet:
    """Return the uses that the token can see."""
    found = EnvironmentProvider.objects.filter(environment__in=call.environments())
    return found.select_related("environment", "identity_provider")


def _values(provider: IdentityProvider) -> dict[str, Any]:
    names = ("is_set_up", "sp_entity_id", "acs_url", "sp_slo_url", "must_sign_requests")
    held = provider.pending_metadata
    return {
        **vars(provider),
        **{name: getattr(provider, name) for name in names},
        "pending_metadata": _pending(provider, held) if held else None,
    }


def _pending(provider: IdentityProvider, held: pending.Pending) -> dict[str, Any]:
    before, after = connection_state(provider), offered_state(provider, pending.from_json(held))
    return {
        "digest": pending.digest(held),
        "fetched_at": datetime.fromisoformat(held["fetched_at"]),
        "differences": [
            {"name": name, "before": before[name], "after": after[name]}
            for name in before
            if before[name] != after[name]
        ],
        "certificates": held["certificates"],
    }
