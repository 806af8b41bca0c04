"""B: what an IdP reports instead of signing somebody in or out, in plain words, whatever stands beside it."""

import pytest
from lxml import etree
from saml2 import samlp

from authentication.models import SignInAttempt
from authentication.saml.errors import SamlReason
from authentication.saml.statuses import _MEANINGS
from tests.authentication.end_users import text
from tests.authentication.logouts import BINDINGS, asked, deliver, leave, message
from tests.authentication.responses import ASSERTION, IDP, PLACES, refusal
from tests.authentication.unread import extensions, status_detail
from tests.authentication.ways import reasons
from tests.idp import NS, Answer

STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
SAMLP = f"{{{NS['samlp']}}}"


def failing(*codes: str, is_empty: bool = True):
    """Return an edit that says these codes, one within the other, with a message and a detail beside them."""

    def edit(root: etree._Element) -> None:
        status = parent = root.find("samlp:Status", NS)
        status.remove(status[0])
        for code in codes:
            parent = etree.SubElement(parent, f"{SAMLP}StatusCode", Value=code if ":" in code else STATUS + code)
        etree.SubElement(status, f"{SAMLP}StatusMessage").text = "<b>secret</b>"
        etree.SubElement(status_detail(root), "{urn:idp}Cause").text = "secret"
        extensions(root)
        if is_empty:
            root.remove(root.find(ASSERTION, NS))

    return edit


@pytest.mark.parametrize("sign", [(), ("response",)])
@pytest.mark.parametrize(
    ("codes", "detail", "says"),
    [
        (["Responder"], "Responder", "it could not do it, for a reason of its own."),
        (["Responder", "AuthnFailed"], "Responder AuthnFailed", "it could not authenticate the person."),
        (["Requester", "RequestDenied"], "Requester RequestDenied", "it does not allow this sign-in."),
        (
            ["Responder", "Responder", "UnknownPrincipal"],
            "Responder Responder UnknownPrincipal",
            "it does not know the",
        ),
        (["Responder", "urn:vendor:42"], "Responder other", "it could not do it"),
        (["Responder", "AuthnFailed", "urn:vendor:42"], "Responder AuthnFailed other", "it could not authenticate"),
        (["VersionMismatch"], "VersionMismatch", "it does not speak SAML 2.0"),
        (["urn:vendor:42"], "other", "it gives no known reason."),
        (["Invented"], "other", "it gives no known reason."),
        (["AuthnFailed"] * 20, " ".join(["AuthnFailed"] * 20), "it could not authenticate the person."),
    ],
    ids=str,
)
def test_a_refusal_of_the_idp_is_told_in_plain_words(codes, detail, says, sign):
    refused = refusal(IDP.respond(Answer(), sign=sign, edit=failing(*codes)))
    assert (refused.reason, refused.detail) == (SamlReason.IDP_STATUS, detail)
    (note,) = refused.notes
    assert note.startswith(f"The IdP answered {detail.replace(' ', ', ')}: {says}") and "secret" not in note


@pytest.mark.parametrize("sign", PLACES)
def test_s5_a_failure_beside_an_assertion_is_a_failure(sign):
    xml = IDP.respond(Answer(), sign=sign, edit=failing("Responder", "AuthnFailed", is_empty=False))
    assert refusal(xml).reason is SamlReason.IDP_STATUS


def test_every_status_code_of_the_standard_has_plain_words():
    codes = {value.rpartition(":")[2] for name, value in vars(samlp).items() if name.startswith("STATUS_")}
    assert codes - {"Success"} <= set(_MEANINGS)


@pytest.mark.django_db
def test_test_sign_in_and_the_attempt_say_what_the_idp_answered(okta, ada):
    xml = okta.idp.respond(okta.answer(okta.begin()), sign=(), edit=failing("Responder", "AuthnFailed"))
    page = okta.post(xml)
    assert page.status_code == 403 and "AuthnFailed" not in text(page) and reasons() == ["idp_status"]
    told = "The IdP answered Responder, AuthnFailed: it could not authenticate the person."
    assert SignInAttempt.objects.get().notes == [told]


@pytest.mark.django_db
@pytest.mark.usefixtures("single_logout")
@pytest.mark.parametrize("binding", BINDINGS)
def test_s14_a_sign_out_that_failed_there_is_told_in_plain_words(okta, ada, binding):
    okta.sign_in()
    request_id = asked(leave(okta))[0].get("ID")

    def edit(root: etree._Element) -> None:
        code = root.find("samlp:Status/samlp:StatusCode", NS)
        etree.SubElement(code, f"{SAMLP}StatusCode", Value=f"{STATUS}UnknownPrincipal")
        etree.SubElement(status_detail(root), "{urn:idp}Cause")
        extensions(root)

    failed = message(okta, in_response_to=request_id, status=f"{STATUS}Requester")
    assert deliver(okta, failed, binding, edit=edit).status_code == 403
    told = "The IdP answered Requester, UnknownPrincipal: it does not know the person."
    assert SignInAttempt.objects.get(outcome="no_logout").notes == [told]
