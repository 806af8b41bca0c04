"""S14: logout messages that are refused."""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from lxml import etree

from authentication.models import ConsumedMessage, IdentityProvider, SignInAttempt
from tests.authentication.logouts import BINDINGS, BY_REDIRECT, deliver, message, open_sessions, refused, slo
from tests.authentication.ways import ADA, connect, way
from tests.idp import NS, RSA_SHA1, SHA1, Idp, Style, deflate, encode

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("single_logout")]


# What is refused. -----------------------------------------------------------------------------------------------------


def issued_by(entity_id: str) -> Callable[[etree._Element], None]:
    def edit(root: etree._Element) -> None:
        root.find("saml:Issuer", NS).text = entity_id

    return edit


def without(name: str) -> Callable[[etree._Element], None]:
    return lambda root: root.attrib.pop(name)


def with_white_space(root: etree._Element) -> None:
    root.find("saml:NameID", NS).text += "\u00a0"


HOUR = timedelta(hours=1)
NO_ID_INSIDE = ("no id", "post")  # a signature inside could not name what it covers
WRONGS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "other issuer": ("wrong_issuer", {}, {"edit": issued_by("https://elsewhere.example")}),
    "other destination": ("logout_destination", {"slo_url": "https://elsewhere.example/slo"}, {}),
    "no destination": ("logout_destination", {}, {"edit": without("Destination")}),
    "ended": ("logout_expired", {"lifetime": timedelta(minutes=-4)}, {}),
    "too old": ("logout_expired", {"age": HOUR, "lifetime": timedelta(days=1)}, {}),
    "not yet": ("not_yet_valid", {"age": -timedelta(minutes=4)}, {}),
    "no id": ("bad_id", {}, {"edit": without("ID")}),
    "no time": ("unreadable_time", {}, {"edit": without("IssueInstant")}),
    "other version": ("wrong_version", {}, {"edit": lambda root: root.set("Version", "1.1")}),
    "white space": ("name_id", {}, {"edit": with_white_space}),
    "no name": ("unexpected_structure", {}, {"edit": lambda root: root.remove(root.find("saml:NameID", NS))}),
    "extension": ("unexpected_structure", {}, {"edit": lambda root: etree.SubElement(root, "{urn:x}Extensions")}),
    "comment": ("forbidden_markup", {}, {"edit": lambda root: root.append(etree.Comment("x"))}),
}


@pytest.mark.parametrize(
    ("wrong", "binding"), [(wrong, each) for wrong in WRONGS for each in BINDINGS if (wrong, each) != NO_ID_INSIDE]
)
def test_s14_a_request_that_is_wrong_ends_nothing_and_is_not_answered(okta, ada, wrong, binding):
    reason, changes, how = WRONGS[wrong]
    okta.sign_in()
    now = timezone.now() - changes.get("age", timedelta())
    changes = {name: value for name, value in changes.items() if name != "age"}
    refused(deliver(okta, message(okta, now=now, **changes), binding, **how), reason)
    assert not ConsumedMessage.objects.filter(kind="logout").exists()


@pytest.mark.parametrize("kind", ["request", "response"])
@pytest.mark.parametrize("binding", BINDINGS)
def test_s14_a_message_signed_by_another_key_is_refused(okta, ada, binding, kind):
    okta.sign_in()
    answers = "_request" if kind == "response" else ""
    response = deliver(okta, message(okta, in_response_to=answers), binding, Idp(okta.idp.entity_id))
    refused(response, "certificate_unknown" if binding == "post" else "signature_invalid")


@pytest.mark.parametrize("kind", ["request", "response"])
@pytest.mark.parametrize("binding", BINDINGS)
def test_s14_a_message_without_a_signature_is_refused(okta, ada, binding, kind):
    okta.sign_in()
    logout = message(okta, in_response_to="_request" if kind == "response" else "")
    xml = okta.idp.log_out(logout, style=None)
    if binding == "post":
        response = Client().post(slo(okta), {logout.field: encode(xml)})
    else:
        response = Client().get(slo(okta), {logout.field: deflate(xml)})
    refused(response, "logout_not_signed")


@pytest.mark.parametrize("binding", BINDINGS)
def test_s14_sha1_is_taken_only_where_the_provider_allows_it(okta, ada, binding):
    okta.sign_in()
    how = {"style": Style(RSA_SHA1, SHA1)} if binding == "post" else {"method": RSA_SHA1}
    refused(deliver(okta, message(okta), binding, **how), "weak_algorithm")
    IdentityProvider.objects.update(allows_sha1=True)
    assert deliver(okta, message(okta), binding, **how).status_code == 302 and open_sessions() == 0


@pytest.mark.parametrize("bindings", [(one, other) for one in BINDINGS for other in BINDINGS], ids=str)
def test_s14_a_request_counts_once_by_whichever_binding(okta, ada, bindings):
    logout = message(okta)
    assert deliver(okta, logout, bindings[0]).status_code == 302
    okta.sign_in()
    refused(deliver(okta, logout, bindings[1]), "logout_replayed")


def test_s14_a_request_is_remembered_until_it_would_be_refused_for_its_age(okta, ada):
    issued = timezone.now() - timedelta(minutes=59)
    deliver(okta, message(okta, now=issued, lifetime=None))
    expires_at = ConsumedMessage.objects.get(kind="logout").expires_at
    assert timedelta() <= issued + HOUR - expires_at < timedelta(seconds=1)  # the message has whole seconds
    ConsumedMessage.objects.update(expires_at=timezone.now())
    deliver(okta, message(okta, id="_logout-2"))
    assert ConsumedMessage.objects.get(kind="logout").message_id == "_logout-2"


def test_s14_two_providers_may_use_the_same_ids(okta, ada, places):
    entra = way(places[1], "Entra", idp=okta.idp)
    connect(entra.environment_provider, entra.idp, slo=BY_REDIRECT)
    assert [deliver(each, message(each)).status_code for each in (okta, entra)] == [302, 302]


def test_s14_a_request_of_one_provider_is_refused_at_another(okta, ada, places):
    entra = way(places[1], "Entra", idp=okta.idp)
    connect(entra.environment_provider, entra.idp, slo=BY_REDIRECT)
    okta.sign_in()
    refused(deliver(okta, message(entra)), "logout_destination")


def test_s14_where_nothing_can_be_answered_nothing_is_taken(okta, ada):
    okta.sign_in()
    IdentityProvider.objects.update(slo_url="", slo_binding="")
    refused(deliver(okta, message(okta)), "logout_off")


def test_s14_an_unknown_provider_answers_like_a_known_one(okta):
    response = Client().get(f"/saml/{uuid4()}/slo")
    assert response.status_code == 403 and "This sign-out was not accepted" in response.content.decode()
    assert not SignInAttempt.objects.exists()


@pytest.mark.parametrize("method", ["head", "put", "delete", "options"])
def test_s14_nothing_but_get_and_post_is_taken(okta, ada, method):
    xml = okta.idp.log_out(message(okta), style=None)
    okta.sign_in()
    getattr(Client(), method)(f"{slo(okta)}?{okta.idp.redirect_query('SAMLRequest', xml)}")
    assert open_sessions() == 1


def test_s14_nothing_of_a_refused_message_is_logged(okta, ada, caplog):
    caplog.set_level(logging.DEBUG)
    deliver(okta, message(okta, slo_url="https://elsewhere.example"))
    assert not {word for word in (ADA, "elsewhere.example", "session-1") if word in caplog.text}


def test_s14_an_answer_that_cannot_be_signed_is_refused_with_its_reason_and_the_session_is_over(okta, ada, settings):
    assert okta.sign_in().status_code == 302 and open_sessions() == 1
    settings.SECRETS_KEYS = ["another key"]
    refused(deliver(okta, message(okta)), "signing_key_sealed", sessions=0)
