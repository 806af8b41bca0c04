"""S17: whom a logout request means. One that ended nobody's session is answered so."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from lxml import etree
from saml2.xml.schema import validate

from authentication.models import EndUserSession
from tests.authentication.end_users import person
from tests.authentication.logouts import (
    BINDINGS,
    BY_POST,
    UNKNOWN,
    bytes_of,
    deliver,
    fields_of,
    message,
    open_sessions,
    refused,
    slo,
    status,
    verify_inside,
)
from tests.authentication.ways import ADA, Way, connect
from tests.idp import EMAIL, NS, PERSISTENT, deflate, encode
from workspace.actions.access import set_manual_access
from workspace.events import SYSTEM
from workspace.models import ChangeEvent

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("single_logout")]

FORMATS = {
    "unspecified": "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
    "email": EMAIL,
    "persistent": PERSISTENT,
    "X.509": "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName",
    "Windows": "urn:oasis:names:tc:SAML:1.1:nameid-format:WindowsDomainQualifiedName",
    "Kerberos": "urn:oasis:names:tc:SAML:2.0:nameid-format:kerberos",
}


def enter(okta: Way, name_id: str = ADA, email: str = ADA, **named: str) -> Client:
    """Sign in by a NameID, in a browser of its own."""

    def index(root: etree._Element) -> None:
        root.find(".//saml:AuthnStatement", NS).set("SessionIndex", named.get("index", "session-1"))

    okta.browser = Client()
    answer = okta.answer(okta.begin(), name_id, attributes={"mail": [email]}, name_id_format=named.get("format", EMAIL))
    assert okta.post(okta.idp.respond(answer, edit=index)).status_code == 302
    return okta.browser


@pytest.mark.parametrize("without", ["", FORMATS["unspecified"]], ids=["missing", "unspecified"])
@pytest.mark.parametrize("asserted", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("binding", BINDINGS)
def test_s17_a_request_without_format_ends_the_session_that_has_the_text(okta, ada, binding, asserted, without):
    enter(okta, format=asserted)
    assert status(deliver(okta, message(okta, name_id_format=without), binding)) == "Success"
    assert open_sessions() == 0


def test_s17_a_request_without_format_ends_all_sessions_of_that_name_id(okta, ada):
    for index in ("a", "b"):
        enter(okta, index=index)
    assert status(deliver(okta, message(okta, name_id_format="", session_indexes=()))) == "Success"
    assert open_sessions() == 0


def test_s17_a_text_that_two_name_ids_have_is_of_nobody_without_format(okta, ada, places):
    bo = person(places[1], name="Bo Summer")
    enter(okta, "shared", format=PERSISTENT, index="a")
    enter(okta, "shared", bo.email, format=FORMATS["Windows"], index="b")
    both: dict[str, Any] = {"person": "shared", "name_id_format": ""}
    assert status(deliver(okta, message(okta, **both, session_indexes=()))) == UNKNOWN
    assert open_sessions() == 2
    assert status(deliver(okta, message(okta, **both, id="_2", session_indexes=["b"]))) == "Success"
    assert [session.end_user for session in EndUserSession.objects.filter(ended_at=None)] == [ada]


@pytest.mark.parametrize(
    "changes",
    [
        {"person": ADA.upper()},
        {"person": ADA.title()},
        {"person": "bo@acme.example"},
        {"person": ADA.upper(), "name_id_format": ""},
        {"session_indexes": ["session-2"]},
        {"session_indexes": ["SESSION-1", ""]},
        {"session_indexes": ["session-2"], "name_id_format": ""},
        {"name_id_format": PERSISTENT},
        {"name_id_format": "urn:other"},
        {"qualifiers": {"NameQualifier": "https://elsewhere.example"}, "name_id_format": ""},
    ],
    ids=str,
)
@pytest.mark.parametrize("binding", BINDINGS)
def test_s17_a_request_that_means_nobody_here_is_told_so(okta, ada, binding, changes):
    enter(okta)
    assert status(deliver(okta, message(okta, **changes), binding)) == UNKNOWN
    assert okta.is_in() and open_sessions() == 1
    assert not ChangeEvent.objects.filter(action="end_user.sessions_ended").exists()


@pytest.mark.parametrize("over", ["signed out", "expired", "idle", "no access"])
def test_s17_a_session_that_is_over_is_nobody_s(okta, ada, over):
    enter(okta)
    long_ago = timezone.now() - timedelta(days=2)
    if over == "no access":
        set_manual_access(end_user=ada, environments=[], by=SYSTEM)
    else:
        field = {"signed out": "ended_at", "expired": "expires_at", "idle": "last_seen_at"}[over]
        EndUserSession.objects.update(**{field: long_ago})
    assert status(deliver(okta, message(okta))) == UNKNOWN


def test_s17_the_answer_is_valid_and_signed_where_it_is_posted_too(okta, ada):
    connect(okta.environment_provider, okta.idp, slo=BY_POST)
    xml = bytes_of(fields_of(deliver(okta, message(okta), "post"))["SAMLResponse"])
    codes = [code.get("Value") for code in verify_inside(okta, xml).iter(f"{{{NS['samlp']}}}StatusCode")]
    assert [code.rpartition(":")[2] for code in codes] == ["Requester", "UnknownPrincipal"]
    validate(xml.decode())


def test_s17_a_request_counts_once_also_if_it_meant_nobody(okta, ada):
    deliver(okta, message(okta))
    enter(okta)
    refused(deliver(okta, message(okta)), "logout_replayed")


@pytest.mark.parametrize("binding", BINDINGS)
def test_s17_an_unsigned_request_changes_nothing(okta, ada, binding):
    enter(okta)
    xml = okta.idp.log_out(message(okta, name_id_format="", session_indexes=()), style=None)
    if binding == "post":
        page = Client().post(slo(okta), {"SAMLRequest": encode(xml)})
    else:
        page = Client().get(slo(okta), {"SAMLRequest": deflate(xml)})
    assert page.status_code == 403 and okta.is_in()


# What stands around the name. -----------------------------------------------------------------------------------------


def spaced(root: etree._Element) -> None:
    root.find("saml:NameID", NS).text = f"\n    {ADA}\t\n"
    root.find("samlp:SessionIndex", NS).text = "\n session-1 "


def extended(root: etree._Element) -> None:
    """What a request hides in Extensions is not asked for."""
    extensions = etree.Element(f"{{{NS['samlp']}}}Extensions")
    etree.SubElement(extensions, f"{{{NS['samlp']}}}SessionIndex").text = "session-1"
    etree.SubElement(extensions, f"{{{NS['saml']}}}NameID", Format=EMAIL).text = ADA
    root.insert(1, extensions)


@pytest.mark.parametrize("binding", BINDINGS)
def test_s17_white_space_of_xml_is_of_no_name_and_no_index(okta, ada, binding):
    enter(okta)
    assert status(deliver(okta, message(okta), binding, edit=spaced)) == "Success"
    assert open_sessions() == 0


@pytest.mark.parametrize("changes", [{"person": "bo@acme.example"}, {"session_indexes": ["session-2"]}], ids=str)
@pytest.mark.parametrize("binding", BINDINGS)
def test_s14_what_extensions_name_is_not_asked_for(okta, ada, binding, changes):
    enter(okta)
    assert status(deliver(okta, message(okta, **changes), binding, edit=extended)) == UNKNOWN
    assert okta.is_in()
    assert status(deliver(okta, message(okta, id="_2"), binding, edit=extended)) == "Success"
