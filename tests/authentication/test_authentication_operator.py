from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib import admin
from django.urls import reverse
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
from workspace.events import SYSTEM

MODELS = list(apps.get_app_config("authentication").get_models())
every_model = pytest.mark.parametrize("model", MODELS, ids=[model.__name__ for model in MODELS])


@pytest.fixture
def operator(client, db):
    environment = factories.workspace().environments.first()
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
    provider, soon = environment_provider.identity_provider, timezone.now() + timedelta(minutes=5)
    secrets = {"nonce_digest": "secret-nonce", "response": "secret-response"}
    AuthnRequest.objects.create(id="_request", environment_provider=environment_provider, expires_at=soon, **secrets)
    ConsumedMessage.objects.create(
        identity_provider=provider, kind="assertion", message_id="_assertion", expires_at=soon
    )
    LogoutRequest.objects.create(id="_logout", identity_provider=provider, environment=environment, expires_at=soon)
    ensure_signing_key(environment.workspace, now=timezone.now())
    SamlIdentity.objects.create(identity_provider=provider, name_id="ada", end_user=ada)
    SsoBypass.objects.create(environment=environment, end_user=ada, reason="On call", expires_at=soon)
    return factories.as_operator(client)


def url(model, page: str, *args) -> str:
    return reverse(f"admin:authentication_{model._meta.model_name}_{page}", args=args)


@every_model
def test_operators_search_and_filter_every_model(operator, model):
    registered = admin.site.get_model_admin(model)
    assert registered.search_fields and registered.list_filter
    assert operator.get(url(model, "changelist")).context["cl"].result_count == 1
    assert operator.get(url(model, "changelist"), {"q": "nobody has this"}).context["cl"].result_count == 0


@every_model
def test_operators_read_each_row_and_change_none(operator, model):
    row = model.objects.get()
    assert operator.get(url(model, "change", row.pk)).status_code == 200
    assert operator.post(url(model, "change", row.pk), {}).status_code == 403
    assert operator.get(url(model, "add")).status_code == 403
    assert operator.post(url(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    assert model.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize("name", ["EndUserSession", "PasswordTicket"])
def test_operators_never_see_the_digest_of_a_token(operator, name):
    model = apps.get_model("authentication", name)
    assert model.objects.get().digest not in operator.get(url(model, "change", model.objects.get().pk)).content.decode()
