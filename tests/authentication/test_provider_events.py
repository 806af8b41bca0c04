"""Events of providers hold what their changes replaced or deleted, so that each could be taken back."""

from typing import Any

import pytest
from django.db import models
from django.utils import timezone

from authentication.actions.identity_providers import update_provider
from authentication.actions.provider_connection import connect_provider
from authentication.actions.provider_use import remove_provider
from authentication.idp_side import typed_in
from authentication.models import EnvironmentProvider, IdentityProvider, SamlIdentity, SigningCertificate
from authentication.saml.certificates import parse_certificates
from tests.authentication.certificates import make, pem
from tests.authentication.end_users import environments, person, provider
from workspace.events import SYSTEM
from workspace.models import ChangeEvent

pytestmark = pytest.mark.django_db
MODELS: list[type[models.Model]] = [IdentityProvider, EnvironmentProvider, SigningCertificate, SamlIdentity]


def rows() -> dict[str, list[dict[str, Any]]]:
    """Every row of a provider's tables."""
    found = {}
    for model in MODELS:
        found[model.__name__] = list(model._default_manager.order_by("pk").values())
    return found


def bring_back(kept: dict[str, list[dict[str, Any]]]) -> None:
    """Insert the rows of an event again."""
    for model in MODELS:
        for state in kept.get(model._meta.model_name or "", []):
            values = {name: model._meta.get_field(name).to_python(value) for name, value in state.items()}
            model._default_manager.bulk_create([model(**values)])
            times = {name: values[name] for name in ("created_at", "updated_at")}
            model._default_manager.filter(pk=values["id"]).update(**times)


def test_a_removed_provider_comes_back_from_its_event():
    dev = environments()[0]
    okta, ada = provider(dev, "Okta Dev", "selected_domains", "acme.example"), person(dev)
    SamlIdentity.objects.create(
        identity_provider=okta.identity_provider, namespace="n", name_id_digest="d", name_id="u-1", end_user=ada
    )
    before = rows()
    remove_provider(environment_provider=okta, by=SYSTEM)
    assert not any(rows().values())
    event = ChangeEvent.objects.get(action="identity_provider.removed")
    assert {(each.kind, str(each.subject_id)) for each in event.subjects.all()} == {
        ("identityprovider", str(okta.identity_provider_id)),
        ("environmentprovider", str(okta.pk)),
        ("environment", str(dev.pk)),
        ("enduser", str(ada.pk)),
    }
    bring_back(event.before["rows"])
    assert rows() == before


def test_a_changed_connection_keeps_the_rows_it_replaced():
    okta = provider(environments()[0])
    before = rows()
    metadata = typed_in(
        okta.identity_provider, "https://other.example/sso", "https://other.example", parse_certificates(pem(make()))
    )
    connect_provider(environment_provider=okta, metadata=metadata, source="fields", by=SYSTEM, now=timezone.now())
    kept = ChangeEvent.objects.get(action="identity_provider.connection_changed").before["rows"]
    EnvironmentProvider.objects.all().delete()
    IdentityProvider.objects.all().delete()
    bring_back(kept)
    after = rows()
    assert (after["IdentityProvider"], after["SigningCertificate"]) == (
        before["IdentityProvider"],
        before["SigningCertificate"],
    )


def test_a_refused_change_leaves_the_instance_as_it_was():
    dev = environments()[0]
    okta, _ = provider(dev, "Okta"), provider(dev, "Entra")
    with pytest.raises(Exception, match="already has an identity provider named Entra"):
        update_provider(environment_provider=okta, name="Entra", vendor="entra", enforcement="all_domains", by=SYSTEM)
    assert (okta.identity_provider.name, okta.identity_provider.vendor, okta.enforcement) == ("Okta", "okta", "no_one")
