"""S16: an anonymous client cannot fill anything."""

import re
from datetime import timedelta
from io import BytesIO
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from django.apps import apps
from django.test import Client
from django.utils import timezone

from authentication.actions import attempts
from authentication.models import AuthnRequest, EndUserSession, EnvironmentProvider, SignInAttempt, saml
from tests import factories
from tests.authentication.end_users import sign_in, text, url
from tests.authentication.ways import Way, reasons
from tests.idp import Idp, encode
from workspace.console.middleware import MOST_DROPPED
from workspace.models import SignInThrottle

pytestmark = pytest.mark.django_db
FORM = "application/x-www-form-urlencoded"


def post(okta: Way, raw: str, relay_state: str = "", address: str = "192.0.2.1"):
    body = urlencode({"SAMLResponse": raw, "RelayState": relay_state})
    return Client().post(okta.acs, body, content_type=FORM, REMOTE_ADDR=address)


def references(page: Any) -> set[str]:
    """The references that a page tells to give to an administrator."""
    return set(re.findall("[Rr]eference (?:<code>)?([0-9a-f-]{36})", page.content.decode()))


def refusals() -> list[tuple[str, str | None, int]]:
    rows = SignInAttempt.objects.exclude(outcome="succeeded").order_by("id")
    return list(rows.values_list("reason", "address", "count"))


# Responses


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("A" * 200_000, "not_xml"),
        ("A" * 300_000, "too_large"),
        ("!!", "not_base64"),
        (encode(b"<html>" + b"x" * 100_000 + b"</html>"), "not_a_response"),
        ("another key", "certificate_unknown"),
        ("another audience", "wrong_audience"),
        ("another request", "wrong_request"),
    ],
)
def test_s16_of_a_response_that_is_refused_only_the_reason_is_kept(okta, ada, raw, reason):
    request = okta.begin()
    answer = okta.answer(request, attributes={"padding": ["x" * 50_000]})
    if raw == "another key":
        raw = encode(Idp(entity_id=okta.idp.entity_id).respond(answer))
    if raw == "another audience":
        answer.sp_entity_id = "https://elsewhere.example"
        raw = encode(okta.idp.respond(answer))
    if raw == "another request":
        raw = encode(okta.idp.respond(answer, edit=lambda root: root.attrib.pop("InResponseTo")))
        reason = "unsolicited"
    stored = post(okta, raw, request)
    kept = AuthnRequest.objects.get(pk=request)
    assert kept.response == "" and 0 < len(kept.refusal) < 500
    assert okta.browser.get(stored["Location"]).status_code == 403
    assert reasons() == [reason] and not EndUserSession.objects.exists()
    assert AuthnRequest.objects.get(pk=request).refusal == ""


def test_s16_after_a_refused_response_the_right_one_still_signs_in(okta, ada):
    request = okta.begin()
    assert post(okta, "A" * 200_000, request).status_code == 303
    assert okta.post(okta.idp.respond(okta.answer(request))).status_code == 302


def test_s16_a_response_to_no_request_leaves_one_row_however_often_it_comes(okta):
    pages = [post(okta, raw, relay_state) for raw in ("!!", "??") for relay_state in ("", "_" + "0" * 40, "x" * 9000)]
    assert {page.status_code for page in pages} == {403}
    assert refusals() == [("not_base64", "192.0.2.1", 4), ("request_gone", "192.0.2.1", 2)]


def test_the_reference_of_a_counted_refusal_leads_to_its_row(okta, client, places):
    first, second = post(okta, "!!"), post(okta, "!!")
    attempt = SignInAttempt.objects.get()
    assert references(first) == references(second) == {str(attempt.pk)}
    factories.sign_in(client, factories.administrator(places[0].workspace, "viewer"))
    page = client.get(f"/workspaces/acme/test/sign-in-attempts/?q={attempt.pk}")
    assert "2 times, " in text(page)


def test_a_page_tells_the_reference_of_a_counted_refusal_and_no_other(okta, places):
    EnvironmentProvider.objects.update(enforcement="no_one")
    for refuse in (
        lambda: sign_in(Client(), places[1], "nobody@acme.example"),
        lambda: Client().post(urlsplit(okta.environment_provider.identity_provider.sp_slo_url).path),
    ):
        SignInAttempt.objects.all().delete()
        pages = [refuse(), refuse()]
        assert [references(page) for page in pages] == [{str(SignInAttempt.objects.get().pk)}] * 2


def test_s16_addresses_that_one_client_can_choose_from_count_as_one(okta):
    for address in ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "2001:db8:0:2::1", "::ffff:192.0.2.7", "192.0.2.7"):
        post(okta, "!!", address=address)
    assert [count for _, _, count in refusals()] == [2, 1, 2]


def test_equal_refusals_of_another_hour_are_another_row(okta, monkeypatch):
    post(okta, "!!")
    later = timezone.now() + timedelta(hours=1)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    post(okta, "!!")
    assert [count for _, _, count in refusals()] == [1, 1]


# Passwords


def test_s16_unknown_addresses_fill_no_table(places, monkeypatch):
    monkeypatch.setattr(attempts, "ROWS_OF_A_NETWORK", 3)
    for number in range(6):
        sign_in(Client(), places[0], f"person{number}@acme.example")
    emails = SignInAttempt.objects.order_by("id").values_list("email", "count")
    assert list(emails) == [*[(f"person{number}@acme.example", 1) for number in range(3)], ("", 3)]


def test_s16_nor_do_many_networks(places, monkeypatch):
    monkeypatch.setattr(attempts, "ROWS_OF_AN_ENVIRONMENT", 3)
    for number in range(6):
        form = {"email": "person@acme.example", "password": "x"}
        Client().post(url(places[0], "password/"), form, REMOTE_ADDR=f"192.0.2.{number}")
    assert refusals()[3:] == [("unknown_person", None, 3)]
    sign_in(Client(), places[1])
    assert refusals()[4:] == [("unknown_person", "127.0.0.1", 1)]  # another environment is not crowded


def test_the_attempts_of_a_person_are_still_told_apart(places, ada):
    for password in ("one", "two"):
        sign_in(Client(), places[0], password=password)
    sign_in(Client(), places[0], "somebody@acme.example")
    sign_in(Client(), places[0])
    rows = SignInAttempt.objects.order_by("id").values_list("reason", "count", "end_user")
    assert list(rows) == [("wrong_password", 2, ada.pk), ("unknown_person", 1, None), ("", 1, ada.pk)]


def test_s16_throttles_have_a_bounded_number_of_keys(places):
    for number in range(20):
        sign_in(Client(), places[0], f"{number}@acme.example")
        Client().post(url(places[0], "password/forgotten/"), {"email": f"{number}@acme.example"})
        Client().post("/sign-in/", {"email": f"{number}@acme.example", "password": "x"})
    keys = set(SignInThrottle.objects.values_list("key", flat=True))
    assert keys and {len(key) for key in keys} == {5}


# Requests


def test_s16_a_network_starts_a_bounded_number_of_sign_ins_and_the_newest_can_finish(okta, ada, monkeypatch):
    monkeypatch.setattr(saml, "OPEN_OF_A_NETWORK", 5)
    mine = Way(okta.environment_provider, okta.idp)
    mine.browser.defaults["REMOTE_ADDR"] = "192.0.2.9"
    request = mine.begin()
    for _ in range(20):
        okta.begin()
    assert AuthnRequest.objects.count() == 6
    assert okta.sign_in().status_code == 302
    assert mine.post(mine.idp.respond(mine.answer(request))).status_code == 302


def test_s16_all_networks_together_start_a_bounded_number_of_sign_ins(okta, monkeypatch):
    monkeypatch.setattr(saml, "OPEN_OF_ALL", 5)
    for number in range(20):
        okta.browser.defaults["REMOTE_ADDR"] = f"192.0.2.{number}"
        okta.begin(f"?next={url(okta.environment, 'account/')}{'x' * 5000}")
    assert AuthnRequest.objects.count() == 5
    assert all(len(request.next_path) <= 500 for request in AuthnRequest.objects.all())


# Everything


def sizes() -> dict[str, int]:
    models = [model for label in ("workspace", "authentication", "provisioning", "sessions")
              for model in apps.get_app_config(label).get_models()]  # fmt: skip
    return {model.__name__: model._default_manager.count() for model in models}


def test_s16_no_anonymous_url_adds_a_row_each_time(okta, ada):
    place, provider = okta.environment, okta.environment_provider.identity_provider_id
    long = "x" * 5000
    before = None
    for number in range(4):
        visitor = Client()
        for path in (
            "",
            f"?next={long}",
            "account/",
            "signed-out/",
            "password/forgotten/",
            "password/set/?token=x",
        ):
            visitor.get(url(place, path))
        visitor.post(url(place), {"email": f"a@acme.example{number}", "next": long})
        visitor.post(url(place, "password/"), {"email": "a@acme.example", "password": long, "next": long})
        visitor.post(url(place, "password/forgotten/"), {"email": "a@acme.example"})
        visitor.post(url(place, "sign-out/"))
        visitor.post(url(place, f"password/set/?token={number}"), {"password": long, "repeated": long})
        visitor.get(f"/sign-in/?next=/{long}")
        visitor.post("/sign-in/", {"email": "a@acme.example", "password": "x", "next": f"/{long}"})
        for query in (f"SAMLRequest={number}", f"SAMLResponse={number}&RelayState={long}", ""):
            visitor.get(f"/saml/{provider}/slo?{query}")
            visitor.post(f"/saml/{provider}/slo", query, content_type=FORM)
        visitor.post(okta.acs, f"SAMLResponse={number}&RelayState={long}", content_type=FORM)
        visitor.get(f"{okta.acs}/_{number}")
        visitor.get(f"/saml/{provider}/metadata")
        visitor.get(f"/scim/{provider}/v2/Users", HTTP_AUTHORIZATION=f"Bearer {number}")
        before = before or sizes()
    assert sizes() == before


# Bodies


class Endless:
    """A body that has no end."""

    def __init__(self) -> None:
        self.taken = 0

    def read(self, size: int = -1) -> bytes:
        assert size >= 0
        self.taken += size
        return b"A" * size

    readline = read


def sent(path: str, stream, **headers: Any):
    client = Client()
    return client.generic("POST", path, b"x", **headers, **{"wsgi.input": stream})


@pytest.mark.parametrize("content_type", [FORM, "multipart/form-data; boundary=x", "application/json", "text/plain"])
@pytest.mark.parametrize("path", ["acs", "slo", "password", "metadata"])
def test_s16_a_body_that_never_ends_is_read_up_to_its_cap(okta, content_type, path):
    paths = {"acs": okta.acs, "slo": okta.acs.replace("/acs", "/slo"), "password": url(okta.environment, "password/")}
    endless = Endless()
    headers = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": "", "CONTENT_TYPE": content_type}
    response = sent(paths.get(path, okta.acs.replace("/acs", "/metadata")), endless, **headers)
    # Django reads by pieces of up to 64 KB.
    assert response.status_code < 500 and endless.taken <= MOST_DROPPED + 64 * 1024


def test_s16_files_of_a_body_that_is_too_large_are_not_read(okta):
    endless = Endless()
    headers = {"CONTENT_LENGTH": "100000000", "CONTENT_TYPE": "multipart/form-data; boundary=x"}
    assert sent(okta.acs, endless, **headers).status_code == 400
    assert endless.taken == 0


def test_a_form_that_comes_in_chunks_is_read(okta, ada):
    body = urlencode({"SAMLResponse": encode(okta.idp.respond(okta.answer(okta.begin())))}).encode()
    headers = {"HTTP_TRANSFER_ENCODING": "Chunked", "CONTENT_LENGTH": "", "CONTENT_TYPE": FORM}
    stored = sent(okta.acs, BytesIO(body), **headers)
    assert okta.browser.get(stored["Location"]).status_code == 302
