from datetime import timedelta

import pytest
from django.apps import apps
from django.utils import timezone

from authentication.actions.passwords import invite_end_user
from authentication.actions.policies import switch_saml
from authentication.actions.provider_connection import connect_provider
from authentication.actions.service_provider import ensure_signing_key
from authentication.idp_side import typed_in
from authentication.models import AuthnRequest, ConsumedMessage, LogoutRequest, SamlIdentity, SsoBypass
from authentication.saml.certificates import parse_certificates
from tests import factories
from tests.authentication import end_users
from tests.authentication.certificates import EC_CERTIFICATE, pem
from tests.operator_pages import hold_to_the_rules, query_counts, read_only
from workspace.events import SYSTEM

MODELS = list(apps.get_app_config("authentication").get_models())


@pytest.fixture
def operator(client, db):
    fill("acme")
    return factories.as_operator(client)


def fill(slug: str) -> None:
    """A row in every table."""
    environment = factories.workspace(slug).environments.all()[0]
    switch_saml(environment=environment, is_enabled=True, by=SYSTEM)
    environment_provider = factories.identity_provider(environment)
    metadata = typed_in(
        environment_provider.identity_provider,
        "https://idp.example/sso",
        "https://idp.example",
        parse_certificates(pem(EC_CERTIFICATE)),
    )
    connect_provider(
        environment_provider=environment_provider, metadata=metadata, source="fields", by=SYSTEM, now=timezone.now()
    )
    ada = end_users.person(environment)
    end_users.signed_in(environment, ada)
    invite_end_user(end_user=ada, environment=environment, by=SYSTEM, now=timezone.now())
    use = environment_provider
    provider, soon = environment_provider.identity_provider, timezone.now() + timedelta(minutes=5)
    secrets = {"nonce_digest": "secret-nonce", "response": "secret-response"}
    AuthnRequest.objects.create(id=f"_request_{slug}", environment_provider=use, expires_at=soon, **secrets)
    ConsumedMessage.objects.create(
        identity_provider=provider, kind="assertion", message_id=f"_assertion_{slug}", expires_at=soon
    )
    LogoutRequest.objects.create(
        id=f"_logout_{slug}", identity_provider=provider, environment=environment, expires_at=soon
    )
    ensure_signing_key(environment.workspace, now=timezone.now())
    SamlIdentity.objects.create(identity_provider=provider, name_id="ada", end_user=ada)
    SsoBypass.objects.create(environment=environment, end_user=ada, reason="On call", expires_at=soon)


def test_every_table_has_pages_that_show_no_secret(operator):
    hold_to_the_rules(operator, MODELS)
    read_only(operator, MODELS)


def test_lists_take_the_same_queries_however_long(operator):
    few = query_counts(operator, MODELS)
    fill("globex")
    assert query_counts(operator, MODELS) == few
