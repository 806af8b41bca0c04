"""The demo's providers trust the practice IdP, on one's own machine only."""

from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from authentication.actions.provider_connection import connect_provider
from authentication.models import IdentityProvider
from provisioning.demo import practice, report
from provisioning.demo.checks import practice_idp_stays_at_home
from provisioning.practice_idp.demo import DemoPerson, parse
from provisioning.practice_idp.keys import Key
from provisioning.practice_idp.saml.idp import Idp
from tests.factories import end_user, group, identity_provider, workspace
from tests.provisioning.practice import ADA, IDP_ORIGIN, ORIGIN, REQUEST_ID
from workspace.events import SYSTEM


@pytest.fixture
def at_home(settings: Any, tmp_path: Path) -> Any:
    """Settings of an installation with a loopback ORIGIN."""
    settings.ORIGIN, settings.DATA_DIR = ORIGIN, tmp_path
    return settings


@pytest.fixture
def provider(db: None, at_home: Any) -> IdentityProvider:
    """A provider connected as the demo connects it."""
    use = identity_provider(workspace().environments.get(slug="test"))
    metadata = practice.idp_side(use.identity_provider)
    connect_provider(
        environment_provider=use,
        metadata=metadata,
        source=IdentityProvider.MetadataSource.FIELDS,
        by=SYSTEM,
        now=timezone.now(),
    )
    return use.identity_provider


def reloaded(provider: IdentityProvider) -> IdentityProvider:
    return IdentityProvider.objects.get(pk=provider.pk)


def test_the_demo_pins_the_key_that_only_its_owner_can_read(provider, tmp_path):
    pem = tmp_path / "practice-idp.pem"
    assert pem.stat().st_mode & 0o777 == 0o600
    assert [row.pem for row in provider.certificates.all()] == [Key(pem.read_text()).certificate]
    assert provider.entity_id == f"{IDP_ORIGIN}/idp/{provider.pk}"


def test_the_providers_follow_to_another_port_and_only_then(provider, at_home):
    before = reloaded(provider)
    practice.refresh()
    assert reloaded(provider).updated_at == before.updated_at
    at_home.ORIGIN = "http://localhost:9000"
    practice.refresh()
    assert reloaded(provider).sso_url == f"http://127.0.0.1:9001/idp/{provider.pk}/sso"


def test_the_providers_follow_to_a_new_key(provider):
    practice.key_file().unlink()
    practice.refresh()
    assert [row.pem for row in provider.certificates.all()] == [Key(practice.key_file().read_text()).certificate]


def test_a_provider_that_was_connected_elsewhere_stays_there(provider, at_home):
    IdentityProvider.objects.update(entity_id="https://real.example/idp")
    at_home.ORIGIN = "http://127.0.0.1:9000"
    practice.refresh()
    assert reloaded(provider).entity_id == "https://real.example/idp"


@pytest.mark.django_db
def test_under_a_public_origin_nobody_has_the_key(settings, tmp_path):
    settings.ORIGIN, settings.DATA_DIR = "https://admin.example.com", tmp_path
    use = identity_provider(workspace().environments.get(slug="test"))
    assert practice.idp_side(use.identity_provider).entity_id.startswith("https://")
    practice.refresh()
    assert list(tmp_path.iterdir()) == []
    assert report.as_data()["practice_idp"] is None


def test_what_the_demo_reports_is_enough(provider):
    environment = provider.environment_providers.get().environment
    group(environment, end_user(environment), name="Engineering")
    demo = parse(report.as_data())
    (played,) = demo.providers
    assert (played.id, played.workspace, played.acs_url) == (str(provider.pk), "acme", provider.acs_url)
    assert demo.people["acme"] == (DemoPerson("ada.winter@acme.example", "Ada Winter", ("Engineering",)),)
    assert Idp(played, Key(demo.key)).respond(REQUEST_ID, ADA)


@pytest.mark.parametrize("origin", ["https://admin.example.com", "http://192.0.2.1:8000", "https://localhost"])
def test_a_system_check_refuses_a_public_origin_that_trusts_it(provider, at_home, origin):
    assert practice_idp_stays_at_home(None) == []
    at_home.ORIGIN = origin
    assert [error.id for error in practice_idp_stays_at_home(None)] == ["provisioning.E001"]
    practice.key_file().unlink()
    assert practice_idp_stays_at_home(None) == []
