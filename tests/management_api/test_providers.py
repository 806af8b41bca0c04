"""Identity providers through the API: set-up, metadata, enforcement, and what a token of some environments reaches."""

from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from django.db import connection
from django.test.utils import CaptureQueriesContext

from authentication.models import EnvironmentPolicy, EnvironmentProvider, IdentityProvider
from tests import factories
from tests.authentication.certificates import PRIVATE_KEYS, make, pem
from tests.authentication.published import NEW, OLD, URL, metadata
from tests.management_api.conftest import Program, errors_of
from tests.management_api.operations import token
from workspace.models import ChangeEvent


def values(**more: str) -> dict[str, str]:
    known = {"sso_url": "https://idp.example/sso", "entity_id": "https://idp.example"}
    return known | {"certificates": pem(OLD)} | more


@pytest.fixture
def published(monkeypatch) -> SimpleNamespace:
    """What the metadata URL answers. It is asked only outside of the transaction of a change."""
    published = SimpleNamespace(body=metadata(OLD), error="There is nothing.")
    outside = len(connection.savepoint_ids)

    def fetch(url: str, **_: object) -> SimpleNamespace:
        assert url == URL and len(connection.savepoint_ids) == outside
        return published

    monkeypatch.setattr("authentication.idp_side.fetch_metadata", fetch)
    return published


@pytest.fixture
def okta(acme, program) -> str:
    """The path of a provider that is set up in DEV."""
    new = {"environment": str(acme.dev.pk), "name": "Okta", "vendor": "okta", "connection": values()}
    answer = program.post("/providers", new)
    assert answer.status_code == 201, answer.content
    return f"/providers/{answer.json()['id']}"


def test_a_provider_is_set_up_in_one_request_as_in_the_two_steps_of_the_console(acme, program, mails):
    new = {"environment": str(acme.dev.pk), "name": "Okta", "vendor": "okta", "connection": values()}
    sent = mails(lambda: program.post("/providers", new | {"enforcement": "all_domains"}))
    assert [mail.to for mail in sent] == [["owner@acme.example"]]
    (provider,) = program.get("/providers").json()["items"]
    (use,) = provider["uses"]
    assert provider["is_set_up"] and provider["metadata_source"] == "fields"
    assert (use["enforcement"], use["wished_enforcement"], use["state"]) == ("no_one", "all_domains", "on")
    assert use["test_url"].endswith(f"{acme.url}authentication/providers/{provider['id']}/test/")
    (certificate,) = program.get(f"/providers/{provider['id']}/certificates").json()["items"]
    assert certificate["pem"].strip() == pem(OLD).strip()
    actions = ChangeEvent.objects.about(provider["id"]).filter(actor_kind="api_token").values_list("action", flat=True)
    assert {*actions} == {"identity_provider.created", "identity_provider.connected"}


def test_a_connection_that_cannot_be_read_makes_no_provider_and_names_the_value(acme, program, published):
    key = PRIVATE_KEYS["pkcs8 pem"]
    published.body = None
    wrong = {
        "/connection/certificates": [values(certificates=key), values(certificates="MIIC")],
        "/connection/sso_url": [values(sso_url="http://idp.example/sso"), {"entity_id": "https://idp.example"}],
        "/connection/metadata_xml": [{"metadata_xml": "<a/>"}],
        "/connection/metadata_url": [{"metadata_url": URL}],
        "/connection": [{}, {"metadata_url": URL, "metadata_xml": "<a/>"}],
    }
    for pointer, connections in wrong.items():
        for each in connections:
            new = {"environment": str(acme.dev.pk), "name": "Okta", "connection": each}
            answer = program.post("/providers", new)
            assert (answer.status_code, errors_of(answer)) == (422, {pointer: "wrong_answer"}), each
            assert key.split()[3] not in answer.content.decode()
    assert not IdentityProvider.objects.exists()


def test_changed_metadata_waits_until_what_was_seen_of_it_is_confirmed(program, okta, published):
    answer = program.post(f"{okta}/connection", {"metadata_url": URL}, **{"Idempotency-Key": "1"})
    assert (answer.status_code, answer.json()["metadata_url"]) == (200, URL)
    published.body = None
    again = program.post(f"{okta}/connection", {"metadata_url": URL}, **{"Idempotency-Key": "1"})
    assert again.json() == answer.json() and again["Idempotency-Replayed"] == "true"
    failed = program.post(f"{okta}/refresh")
    assert (failed.status_code, failed.json()["detail"]) == (422, "There is nothing.")
    published.body = metadata(OLD, NEW)
    held = program.post(f"{okta}/refresh").json()["pending_metadata"]
    assert [each["name"] for each in held["differences"]] == ["certificates"] and pem(NEW) in held["certificates"]
    stale = program.post(f"{okta}/pending-metadata/confirm", {"digest": "of before"})
    assert (stale.status_code, stale.json()["code"]) == (422, "changed_again")
    assert len(program.get(f"{okta}/certificates").json()["items"]) == 1
    assert program.post(f"{okta}/pending-metadata/discard", {"digest": held["digest"]}).json()["uses"]
    held = program.post(f"{okta}/refresh").json()["pending_metadata"]
    confirmed = program.post(f"{okta}/pending-metadata/confirm", {"digest": held["digest"]})
    assert confirmed.json()["pending_metadata"] is None
    assert len(program.get(f"{okta}/certificates").json()["items"]) == 2


def test_a_certificate_that_cannot_be_used_is_named(program, okta, published):
    published.body = metadata(OLD, make(ed25519.Ed25519PrivateKey.generate(), "odd"))
    for path, body in (("connection", {"metadata_url": URL}), ("refresh", {})):
        (sentence,) = program.post(f"{okta}/{path}", body).json()["left_out"]
        assert "odd" in sentence


def test_what_was_not_given_by_url_is_not_refreshed(program, okta):
    assert program.post(f"{okta}/refresh").json()["code"] == "no_metadata_url"


def test_a_change_leaves_out_what_was_not_sent(acme, program, okta):
    use = program.get(okta).json()["uses"][0]
    path = f"{okta}/uses/{use['id']}"
    wished = program.patch(path, {"enforcement": "selected_domains", "domains": ["bücher.example"]}).json()
    assert (wished["wished_enforcement"], wished["wished_domains"]) == ("selected_domains", ["bücher.example"])
    renamed = program.patch(okta, {"name": "Okta 2"}).json()
    assert (renamed["name"], renamed["vendor"]) == ("Okta 2", "okta")
    assert renamed["uses"][0]["wished_domains"] == ["bücher.example"]
    missing = program.patch(path, {"domains": []})
    assert (missing.status_code, errors_of(missing)) == (422, {"/domains": "missing_domain"})
    needless = program.patch(path, {"enforcement": "all_domains", "domains": ["acme.com"]})
    assert (needless.status_code, errors_of(needless)) == (400, {"/domains": "invalid"})
    off = program.patch(path, {"is_enabled": False, "end_sessions": True}).json()
    assert (off["state"], off["wished_enforcement"]) == ("off", "selected_domains")
    assert errors_of(program.patch(path, {"is_enabled": True, "end_sessions": True})) == {"/end_sessions": "invalid"}


def test_the_last_way_to_sign_in_stays(acme, program, okta):
    EnvironmentPolicy.objects.update_or_create(
        environment=acme.dev, defaults={"is_saml_enabled": True, "is_password_enabled": False}
    )
    use = program.get(okta).json()["uses"][0]
    for refused in (
        program.patch(f"{okta}/uses/{use['id']}", {"is_enabled": False}),
        program.delete(f"{okta}/uses/{use['id']}"),
        program.delete(okta),
    ):
        assert (refused.status_code, refused.json()["code"]) == (422, "lock_out")
    assert program.get(okta).json()["uses"] == [use]


def test_removing_a_provider_removes_it_everywhere(acme, program, okta):
    used = program.post(f"{okta}/uses", {"environment": str(acme.test.pk)})
    assert used.status_code == 201 and program.get(used["Location"].partition("/api/v1")[2]).json() == used.json()
    assert program.post(f"{okta}/uses", {"environment": str(acme.test.pk)}).json()["code"] == "provider_in_use"
    assert program.delete(okta).status_code == 204
    assert program.get(okta).status_code == 404 and not EnvironmentProvider.objects.exists()


def test_a_token_of_some_environments_reaches_the_uses_in_these_alone(acme, program, okta):
    elsewhere = factories.identity_provider(acme.prod, name="Of production").identity_provider
    mine = Program(*token(acme.workspace, environments=[acme.dev, acme.test]))
    everywhere = program.post(f"{okta}/uses", {"environment": str(acme.prod.pk)}).json()
    assert [each["name"] for each in mine.get("/providers").json()["items"]] == ["Okta"]
    assert mine.get(f"/providers/{elsewhere.pk}").status_code == 404
    (use,) = mine.get(okta).json()["uses"]
    assert mine.get(f"{okta}/uses/{everywhere['id']}").status_code == 404
    assert mine.patch(f"{okta}/uses/{use['id']}", {"is_enabled": False}).status_code == 200
    new = {"environment": str(acme.dev.pk), "name": "Mine", "connection": values()}
    for refused in (mine.post("/providers", new), mine.patch(okta, {"name": "x"}), mine.delete(okta),
                    mine.post(f"{okta}/connection", values()), mine.post(f"{okta}/refresh")):  # fmt: skip
        assert (refused.status_code, refused.json()["code"]) == (403, "other_environments")
    assert errors_of(mine.post(f"{okta}/uses", {"environment": str(acme.prod.pk)})) == {"/environment": "unknown"}
    assert program.delete(f"{okta}/uses/{everywhere['id']}").status_code == 204
    assert mine.delete(f"{okta}/uses/{use['id']}").json()["code"] == "other_environments"


def test_a_list_takes_the_same_queries_for_many_providers(acme, program):
    factories.identity_provider(acme.dev, name="One")
    program.get("/providers")
    queries = []
    for name in ("Two", "Three"):
        with CaptureQueriesContext(connection) as caught:
            program.get("/providers")
        queries.append(len(caught))
        factories.identity_provider(acme.dev, name=name)
    assert queries[0] == queries[1]
