"""Changing the connection of a provider that is set up."""

import pytest

from authentication.models import EnvironmentProvider, IdentityProvider
from tests.authentication.certificates import fingerprint, pem
from tests.authentication.wizard import (
    EXPIRED,
    NEXT,
    SSO_URL,
    VALID,
    errors,
    idp_metadata,
    metadata_url,
    page,
    upload,
    url,
    values,
)
from workspace.models import ChangeEvent


@pytest.fixture
def connected(step2, draft) -> IdentityProvider:
    step2(values())
    draft.refresh_from_db()
    return draft


def current(admin, provider) -> dict[str, str]:
    """The form's answers as a browser would send them back unchanged."""
    form = admin.get(url("provider-connect", provider=provider.pk)).context["form"]
    return {each.name: (each.value() or "").replace("\n", "\r\n") for each in form if each.name != "metadata_file"}


def changes() -> list[ChangeEvent]:
    return list(ChangeEvent.objects.filter(action="identity_provider.connection_changed"))


def test_step_2_shows_the_current_values_and_saving_them_changes_nothing(admin, step2, connected):
    assert current(admin, connected)["sso_url"] == SSO_URL
    response = step2(current(admin, connected))
    assert response.status_code == 302 and changes() == []
    assert "was not changed" in page(admin.get(response.url))


@pytest.mark.parametrize("way", ["fields", "xml"])
def test_what_is_left_unchanged_stays(admin, step2, draft, way):
    step2(values() if way == "fields" else upload(idp_metadata(VALID)))
    before = {each.pk for each in draft.certificates.all()}
    step2(current(admin, draft) | {"entity_id": "https://idp.example/new"})
    draft.refresh_from_db()
    assert (draft.entity_id, draft.sso_url) == ("https://idp.example/new", SSO_URL)
    assert {each.pk for each in draft.certificates.all()} == before


def test_metadata_saved_unchanged_stays_metadata(admin, step2, draft):
    step2(upload(idp_metadata(VALID)))
    step2(current(admin, draft))
    draft.refresh_from_db()
    assert (draft.metadata_source, draft.sso_binding) == ("xml", "post") and changes() == []


def test_new_certificates_replace_the_set_in_one_event(admin, step2, connected):
    step2(current(admin, connected) | {"certificates": pem(NEXT)})
    assert [each.fingerprint for each in connected.certificates.all()] == [fingerprint(NEXT)]
    (event,) = changes()
    rows = event.before.pop("rows")
    assert (event.before, event.after) == (
        {"certificates": [fingerprint(VALID)]},
        {"certificates": [fingerprint(NEXT)]},
    )
    assert [row["fingerprint"] for row in rows["signingcertificate"]] == [fingerprint(VALID)]
    assert rows["signingcertificate"][0]["pem"] == pem(VALID)
    assert event.sentence == "admin@acme.example changed certificates of Okta Dev."


def test_certificates_that_have_expired_since_stay_while_something_else_changes(admin, step2, connected):
    connected.certificates.all().delete()
    expired = pem(EXPIRED)
    connected.certificates.create(
        pem=expired,
        fingerprint=fingerprint(EXPIRED),
        subject="CN=idp.example",
        not_before=EXPIRED.not_valid_before_utc,
        not_after=EXPIRED.not_valid_after_utc,
    )
    assert step2(current(admin, connected) | {"sso_url": "https://idp.example/new"}).status_code == 302


def test_a_wrong_change_leaves_the_connection_as_it_was(admin, step2, connected):
    response = step2(current(admin, connected) | {"sso_url": "http://idp.example/"})
    assert errors(response).keys() == {"sso_url"}
    connected.refresh_from_db()
    assert connected.sso_url == SSO_URL


def test_uploaded_metadata_replaces_values_that_were_left_as_they_were(admin, step2, connected):
    response = step2(current(admin, connected) | upload(idp_metadata(NEXT)))
    assert response.status_code == 302
    assert [each.fingerprint for each in connected.certificates.all()] == [fingerprint(NEXT)]


def test_saving_a_metadata_url_again_takes_over_what_it_says_now(admin, step2, draft, publisher):
    publisher.answer = 200, idp_metadata(VALID).encode()
    step2({"has_metadata_url": "yes", "metadata_url": metadata_url(publisher)})
    publisher.answer = 200, idp_metadata(VALID, NEXT).encode()
    step2(current(admin, draft))
    assert draft.certificates.count() == 2
    assert len(changes()) == 1


def test_a_shared_provider_says_where_a_change_counts_too(admin, connected, dev):
    other = dev.workspace.environments.get(slug="prod")
    EnvironmentProvider.objects.create(environment=other, identity_provider=connected)
    for route in ("provider-edit", "provider-connect"):
        assert "shared with PROD" in page(admin.get(url(route, provider=connected.pk)))
