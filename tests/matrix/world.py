"""Two workspaces with one thing of each kind, and everybody who may ask for them."""

import time
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

from django.conf import settings
from django.test import Client
from django.utils import timezone

from authentication.actions.policies import switch_saml
from authentication.actions.provider_connection import connect_provider
from authentication.actions.service_provider import ensure_signing_key
from authentication.idp_side import typed_in
from authentication.models import EndUserSession, SignInAttempt, SsoBypass
from authentication.saml.certificates import parse_certificates
from provisioning.actions.mappings import add_mapping
from provisioning.models import ScimRequest
from tests import factories
from tests.authentication.certificates import EC_CERTIFICATE, pem
from tests.scim import Scim
from tests.workspace.access import invited
from tests.workspace.builders import build, uploaded, with_take_over
from workspace.actions.api_tokens import issue_api_token
from workspace.events import SYSTEM
from workspace.models import BrandingFile, ChangeEvent, LoginExperience, LoginExperienceDraft, Passkey, User

EVERYBODY = ["anonymous", "outsider", "viewer", "admin", "owner"]
Things = dict[str, object]
Browsers = dict[str, Callable[[], Client]]


def make(slug: str) -> tuple[SimpleNamespace, Things]:
    """A workspace, and the ids of its things by the names that routes give them."""
    place, now = build(slug), timezone.now()
    switched = switch_saml(environment=place.dev, is_enabled=True, by=SYSTEM)
    use = factories.identity_provider(place.dev, name=f"IdP of {slug}")
    provider = use.identity_provider
    certificates = parse_certificates(pem(EC_CERTIFICATE))
    metadata = typed_in(provider, "https://idp.example/sso", f"https://{slug}.idp.example", certificates)
    connect_provider(environment_provider=use, metadata=metadata, source="fields", by=SYSTEM, now=now)
    ensure_signing_key(place.workspace, now=now)
    token = factories.scim_token(use)
    connection = use.connection
    add_mapping(connection=connection, name="Mapped", environment=place.dev, by=SYSTEM)
    Scim(connection, token).user("mia")
    exchange = ScimRequest.objects.create(
        connection=connection,
        workspace_id=place.workspace.pk,
        environment_id=place.dev.pk,
        method="GET",
        path="/Users",
        status=200,
        duration_ms=1,
    )
    session = EndUserSession.objects.create(
        end_user=place.ada, environment=place.dev, digest=slug, last_seen_at=now, expires_at=now + timedelta(hours=1)
    )
    attempt = SignInAttempt.objects.create(
        environment=place.dev, workspace_id=place.workspace.pk, outcome=SignInAttempt.Outcome.REFUSED
    )
    owner = place.roles["owner"].user
    passkey = Passkey.objects.create(
        user=owner, name="Key", credential_id=slug, public_key="a", sign_count=0, challenged_at=0
    )
    api_token, _ = issue_api_token(
        workspace=place.workspace, name="Import", scopes=["groups:read"], environments=None, expires_at=None,
        by=SYSTEM, now=now,
    )  # fmt: skip
    logo = BrandingFile.objects.create(
        environment=place.dev,
        digest="a" * 64,
        kind="logo",
        name="a.png",
        content_type="image/png",
        content=b"a",
        size=1,
    )
    LoginExperience.objects.create(environment=place.dev, logo=logo.digest)
    draft = LoginExperienceDraft.objects.create(environment=place.dev, values={})
    bypass = SsoBypass.objects.create(
        environment=place.dev, end_user=place.bo, reason="Break-glass", expires_at=now + timedelta(days=1)
    )
    things = {
        "workspace": slug,
        "environment": "dev",
        "api.environment": place.dev.pk,
        "administrator": place.roles["viewer"].pk,
        "invitation": invited(place.workspace, place.actor)[0].pk,
        "event": ChangeEvent.objects.of(place.workspace).filter(subject_kind="enduser")[0].pk,
        "authentication:undo.event": switched.pk,
        "group": place.support.pk,
        "end_user": place.ada.pk,
        "other": place.bo.pk,
        "session": session.pk,
        "attempt": attempt.pk,
        "digest": logo.digest,
        "draft": draft.pk,
        "state": "light",
        "bypass": bypass.pk,
        "job": uploaded(place.dev).pk,
        "workspace:group-restore.event": with_take_over(place).taken_over.pk,
        **{f"workspace:environment-{act}.other": place.test.pk for act in ("edit", "move", "remove")},
        "provider": provider.pk,
        "use": use.pk,
        "connection": connection.pk,
        "token": connection.tokens.get().pk,
        "workspace:api-token-rotate.token": api_token.pk,
        "workspace:api-token-revoke.token": api_token.pk,
        "mapping": connection.mappings.get().pk,
        "exchange": exchange.pk,
        "passkey": passkey.pk,
        # Names that are drawn, and of which none is waiting.
        "name": "none",
        "answered": "_none",
        # Of Django admin.
        "id": owner.pk,
        "object_id": owner.pk,
        "content_type_id": 1,
    }
    return place, things


def browsers(place: SimpleNamespace, outside: SimpleNamespace) -> Browsers:
    """Return, for everybody, a function that opens a browser in which they are signed in and proved their password."""
    accounts = {role: place.roles[role].user for role in ("viewer", "admin", "owner")}
    accounts["outsider"] = outside.roles["owner"].user
    keys = {name: _session(user) for name, user in accounts.items()}
    return {name: _opener(keys.get(name)) for name in EVERYBODY}


def _session(user: User) -> str:
    """Return the key of a session of the account."""
    client = Client()
    client.force_login(user)
    session = client.session
    session["proved_at"] = time.time()
    session.save()
    return str(session.session_key)


def _opener(key: str | None) -> Callable[[], Client]:
    first = Client(raise_request_exception=False)

    def open_browser() -> Client:
        client = Client(raise_request_exception=False)
        client.handler = first.handler  # the middleware is made once
        if key:
            client.cookies[settings.SESSION_COOKIE_NAME] = key
        return client

    return open_browser
