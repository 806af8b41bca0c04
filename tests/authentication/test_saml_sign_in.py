"""Signing in through an identity provider over HTTP: S5 to S11, just-in-time provisioning and group sync."""

import dataclasses
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from authentication.actions.identity_providers import connect_provider, create_provider, disable_provider
from authentication.actions.policies import switch_saml
from authentication.actions.service_provider import signing_key
from authentication.models import (
    AuthnRequest,
    ConsumedAssertion,
    EndUserSession,
    EnvironmentProvider,
    IdentityProvider,
    SignInAttempt,
    StoredResponse,
)
from authentication.saml.certificates import parse_certificates
from authentication.saml.metadata import IdpMetadata
from tests.authentication.end_users import environments, is_signed_in, person, url
from tests.idp import PERSISTENT, Answer, Encryption, Idp, encode
from workspace.actions.end_users import create_end_user, deactivate_end_user
from workspace.actions.groups import change_members, create_group
from workspace.events import SYSTEM
from workspace.models import ChangeEvent, EndUser, Environment

pytestmark = pytest.mark.django_db
Method = EnvironmentProvider.Method
ADA = "ada.winter@acme.example"


@dataclasses.dataclass
class Way:
    """An environment's provider with its real IdP, and a browser."""

    use: EnvironmentProvider
    idp: Idp
    browser: Client = dataclasses.field(default_factory=Client)

    @property
    def environment(self) -> Environment:
        return self.use.environment

    def begin(self, query: str = "") -> str:
        """Go to the IdP; the id of the request that came with the browser."""
        response = self.browser.get(url(self.environment, f"sso/{self.use.identity_provider_id}/{query}"))
        assert response.status_code == 302 and response["Location"].startswith("https://idp.example/sso?SAMLRequest=")
        assert set(parse_qs(urlsplit(response["Location"]).query)) == {"SAMLRequest"}
        return AuthnRequest.objects.latest("expires_at").pk

    def answer(self, request_id: str, email: str = ADA, **changes: Any) -> Answer:
        provider, number = self.use.identity_provider, ConsumedAssertion.objects.count()
        answer = Answer(
            request_id=request_id, acs_url=provider.acs_url, sp_entity_id=provider.sp_entity_id, now=timezone.now(),
            person=email, assertion_id=f"_assertion-{number}-{request_id}", attributes={},
        )  # fmt: skip
        return replace(answer, **changes)

    def post(self, xml: bytes, browser: Client | None = None) -> Any:
        """Post to the ACS without cookies, as from another site; then follow with the browser's."""
        acs = urlsplit(self.use.identity_provider.acs_url).path
        stored = Client().post(acs, {"SAMLResponse": encode(xml), "RelayState": "https://evil.example"})
        if stored.status_code != 303:
            return stored
        return (browser or self.browser).get(stored["Location"])

    def sign_in(self, email: str = ADA, **changes: Any) -> Any:
        return self.post(self.idp.respond(self.answer(self.begin(), email, **changes)))

    def is_in(self) -> bool:
        return is_signed_in(self.browser, self.environment)


def way(environment: Environment, name: str = "Okta", method: str = Method.MANUAL, idp: Idp | None = None) -> Way:
    switch_saml(environment=environment, is_enabled=True, by=SYSTEM)
    use = create_provider(environment=environment, name=name, vendor="okta", enforcement="all_domains", by=SYSTEM)
    use.method, idp = method, idp or Idp()
    use.save()
    connect(use, idp)
    return Way(EnvironmentProvider.objects.select_related("environment__workspace").get(pk=use.pk), idp)


def connect(use: EnvironmentProvider, idp: Idp, post_url: str = "") -> None:
    metadata = IdpMetadata(
        entity_id=idp.entity_id, sso_redirect_url="" if post_url else "https://idp.example/sso", sso_post_url=post_url,
        slo_url="", certificates=parse_certificates(idp.certificate), name_id_formats=(),
        wants_authn_requests_signed=False, valid_until=None,
    )  # fmt: skip
    connect_provider(use=use, metadata=metadata, source=IdentityProvider.MetadataSource.FIELDS, by=SYSTEM)


@pytest.fixture
def places() -> list[Environment]:
    return environments()


@pytest.fixture
def okta(places) -> Way:
    return way(places[1])


@pytest.fixture
def ada(places) -> EndUser:
    return person(places[1], name="Ada Winter", password="")


def refused(response: Any, reason: str) -> SignInAttempt:
    """A neutral page with the reference of the one attempt that knows the reason."""
    assert response.status_code == 403
    attempt = SignInAttempt.objects.get()
    assert (attempt.outcome, attempt.reason) == ("refused", reason)
    assert str(attempt.pk) in response.content.decode() and reason not in response.content.decode()
    assert "no-store" in response["Cache-Control"] and not EndUserSession.objects.exists()
    return attempt


def test_a_known_person_signs_in_and_lands_on_the_account(okta, ada):
    response = okta.sign_in()
    assert response["Location"] == url(okta.environment, "account/")
    assert okta.is_in()
    session, attempt = EndUserSession.objects.get(), SignInAttempt.objects.get()
    assert (session.end_user, session.identity_provider) == (ada, okta.use.identity_provider)
    assert (attempt.outcome, attempt.end_user, attempt.provider_name) == ("succeeded", ada, "Okta")


def test_the_session_ends_with_that_of_the_identity_provider(okta, ada):
    okta.sign_in(session_lifetime=timedelta(hours=2))
    assert EndUserSession.objects.get().expires_at < timezone.now() + timedelta(hours=2, minutes=1)


def test_an_idp_that_wants_a_post_gets_a_form_that_the_policy_of_the_page_allows(okta):
    connect(okta.use, okta.idp, post_url="https://idp.example/post")
    page = okta.browser.get(url(okta.environment, f"sso/{okta.use.identity_provider_id}/"))
    assert 'action="https://idp.example/post"' in page.content.decode()
    assert "form-action 'self' https://idp.example;" in page["Content-Security-Policy"] + ";"


def test_an_idp_that_asks_for_it_gets_signed_requests(okta):
    IdentityProvider.objects.update(wants_signed_requests=True)
    response = okta.browser.get(url(okta.environment, f"sso/{okta.use.identity_provider_id}/"))
    assert {"SigAlg", "Signature"} <= set(parse_qs(urlsplit(response["Location"]).query))


def test_an_encrypted_assertion_signs_in(okta, ada):
    certificate = signing_key(okta.environment.workspace).certificate_pem
    xml = okta.idp.respond(okta.answer(okta.begin()), encryption=Encryption(certificate))
    assert okta.post(xml).status_code == 302 and okta.is_in()


def test_the_attributes_of_the_provider_count(places):
    jit = way(places[1], method=Method.JIT)
    IdentityProvider.objects.update(name_attribute="who", email_attribute="where")
    jit.sign_in("u-1", name_id_format=PERSISTENT, attributes={"who": ["Ada W"], "where": [ADA], "email": ["x@y.z"]})
    assert (EndUser.objects.get().full_name, EndUser.objects.get().email) == ("Ada W", ADA)


def test_s5_a_response_for_another_audience_is_refused(okta, ada):
    refused(okta.sign_in(sp_entity_id="https://elsewhere.example"), "wrong_audience")


def test_s3_a_response_signed_by_another_key_is_refused(okta, ada):
    answer = okta.answer(okta.begin())
    refused(okta.post(Idp(entity_id=okta.idp.entity_id).respond(answer)), "certificate_unknown")


def test_s6_another_browser_is_refused_and_the_first_can_still_finish(okta, ada):
    xml = okta.idp.respond(okta.answer(okta.begin()))
    refused(okta.post(xml, browser=Client()), "other_browser")
    assert okta.post(xml).status_code == 302 and okta.is_in()


def test_s6_an_expired_request_is_refused(okta, ada):
    request = okta.begin()
    AuthnRequest.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    refused(okta.post(okta.idp.respond(okta.answer(request))), "request_gone")


def test_s6_an_unsolicited_response_is_refused_and_not_even_kept(okta, ada):
    def unsolicited(root):
        root.attrib.pop("InResponseTo")

    xml = okta.idp.respond(okta.answer(okta.begin()), edit=unsolicited)
    refused(okta.post(xml), "not_asked_for")
    assert not StoredResponse.objects.exists()


def test_s6_the_request_of_another_provider_is_refused(okta, places, ada):
    other = way(places[1], "Entra", idp=okta.idp)
    other.browser = okta.browser
    xml = okta.idp.respond(okta.answer(other.begin()))
    refused(okta.post(xml), "request_gone")


def test_s7_one_response_makes_one_session(okta, ada):
    xml = okta.idp.respond(okta.answer(okta.begin()))
    assert okta.post(xml).status_code == 302
    assert okta.post(xml).status_code == 403
    assert EndUserSession.objects.count() == 1


def test_s7_nor_does_its_assertion_in_answer_to_another_request(okta, ada):
    first = okta.answer(okta.begin())
    assert okta.post(okta.idp.respond(first)).status_code == 302
    again = replace(first, request_id=okta.begin())
    assert okta.post(okta.idp.respond(again)).status_code == 403
    assert SignInAttempt.objects.latest("at").reason == "replayed"


def test_s8_only_the_diagonal_of_providers_and_acs_urls_signs_in(places, ada):
    shared = Idp()
    ways = [way(places[1], "One", idp=shared), way(places[1], "Two", idp=shared), way(environments("globex")[1])]
    for mine in ways:
        for theirs in ways:
            mine.browser = theirs.browser = Client()
            answer = mine.answer(theirs.begin())
            response = theirs.post(mine.idp.respond(answer))
            assert (response.status_code == 302) == (mine is theirs and mine is not ways[2])


@pytest.mark.parametrize("off", ["provider", "saml"])
def test_s9_what_was_switched_off_meanwhile_is_refused(okta, ada, off):
    xml = okta.idp.respond(okta.answer(okta.begin()))
    if off == "provider":
        disable_provider(use=okta.use, by=SYSTEM)
    else:
        switch_saml(environment=okta.environment, is_enabled=False, by=SYSTEM)
    refused(okta.post(xml), "provider_off")


def test_s9_a_person_deactivated_meanwhile_is_refused(okta, ada):
    xml = okta.idp.respond(okta.answer(okta.begin()))
    deactivate_end_user(end_user=ada, by=SYSTEM)
    assert refused(okta.post(xml), "deactivated").end_user == ada


@pytest.mark.parametrize("path", ["https://evil.example/", "//evil.example", "/operator/", "javascript:alert(1)"])
def test_s10_nobody_is_sent_to_another_place(okta, ada, path):
    xml = okta.idp.respond(okta.answer(okta.begin(f"?next={path}")))
    assert okta.post(xml)["Location"] == url(okta.environment, "account/")


def test_s11_a_provider_of_selected_domains_speaks_for_those_alone(okta, ada):
    EnvironmentProvider.objects.update(enforcement="selected_domains", domains=["globex.example"])
    refused(okta.sign_in(), "foreign_domain")


def test_s11_the_same_nameid_is_the_same_person_whatever_the_address(okta, ada):
    def as_(email: str) -> Any:
        return okta.sign_in("u-1", name_id_format=PERSISTENT, attributes={"email": [email]})

    assert as_(ADA).status_code == 302
    assert as_("somebody.else@acme.example").status_code == 302
    assert {session.end_user for session in EndUserSession.objects.all()} == {ada}


def test_s11_a_recycled_address_does_not_bring_in_somebody_else(okta, ada):
    for name_id in ("u-1", "u-2"):
        response = okta.sign_in(name_id, name_id_format=PERSISTENT, attributes={"email": [ADA]})
    assert response.status_code == 403
    assert SignInAttempt.objects.latest("at").reason == "identity_taken"


@pytest.mark.parametrize("method", [Method.MANUAL, Method.SCIM])
def test_an_unknown_person_is_refused_without_jit_by_a_sentence_that_helps(places, method):
    response = way(places[1], method=method).sign_in()
    assert "not provisioned here yet" in response.content.decode()
    refused(response, "not_provisioned")
    assert not EndUser.objects.exists()


def test_jit_makes_an_unknown_person_and_lets_them_in(places):
    jit = way(places[1], method=Method.JIT)
    jit.sign_in(attributes={"workspace_end_user_name": ["Ada Winter"]})
    ada = EndUser.objects.get()
    assert jit.is_in() and (ada.full_name, ada.email) == ("Ada Winter", ADA)
    assert [(access.source_kind, access.source_name) for access in ada.accesses.all()] == [("jit", "Okta")]
    assert ChangeEvent.objects.filter(action="end_user.created", actor_name="Okta").count() == 1


def test_jit_lets_a_known_person_in_and_leaves_the_profile(places):
    person(places[0], name="Ada Winter", password="")
    jit = way(places[1], method=Method.JIT)
    jit.sign_in(attributes={"workspace_end_user_name": ["Somebody Else"]})
    assert jit.is_in() and EndUser.objects.get().full_name == "Ada Winter"


def test_a_known_person_without_access_is_refused_without_jit(okta, places):
    person(places[0], name="Ada Winter", password="")
    refused(okta.sign_in(), "no_access")


def test_jit_does_not_bring_back_who_was_deactivated(places):
    deactivate_end_user(end_user=person(places[0], name="Ada Winter", password=""), by=SYSTEM)
    refused(way(places[1], method=Method.JIT).sign_in(), "deactivated")


# Group sync


@pytest.fixture
def syncing(places) -> Way:
    jit = way(places[1], method=Method.JIT)
    EnvironmentProvider.objects.filter(pk=jit.use.pk).update(syncs_groups=True)
    return jit


def groups_of(end_user: EndUser) -> set[str]:
    return set(end_user.memberships.values_list("group__name", flat=True))


def test_memberships_follow_the_assertion(syncing):
    for sent, held in [(["A", "B"], {"A", "B"}), (["B,C"], {"B", "C"}), ([], set())]:
        syncing.sign_in(attributes={"workspace_end_user_groups": sent})
        assert groups_of(EndUser.objects.get()) == held
    assert syncing.environment.groups.get(name="A").source_name == "Okta"


def test_a_missing_group_attribute_says_nothing_of_groups(syncing):
    syncing.sign_in(attributes={"workspace_end_user_groups": ["A"]})
    syncing.sign_in(attributes={})
    assert groups_of(EndUser.objects.get()) == {"A"}


def test_what_others_gave_or_manage_is_left_alone(syncing, places):
    other = create_end_user(workspace=places[1].workspace, full_name="Bo", email="bo@acme.example", by=SYSTEM)
    by_hand = create_group(environment=places[1], name="By hand", by=SYSTEM)
    elsewhere = create_group(environment=places[0], name="Elsewhere", by=SYSTEM)
    syncing.sign_in(attributes={"workspace_end_user_groups": ["Everyone", "A"]})
    ada = EndUser.objects.get(email=ADA)
    change_members(group=by_hand, add=[ada.pk, other.pk], by=SYSTEM)
    change_members(group=elsewhere, add=[ada.pk], by=SYSTEM)
    syncing.sign_in(attributes={"workspace_end_user_groups": ["B"]})
    assert groups_of(ada) == {"By hand", "Elsewhere", "B"} and groups_of(other) == {"By hand"}


def test_without_the_switch_groups_are_left_alone(places):
    jit = way(places[1], method=Method.JIT)
    jit.sign_in(attributes={"workspace_end_user_groups": ["A"]})
    assert groups_of(EndUser.objects.get()) == set()


def test_a_refusal_changes_nobody_and_nothing(syncing):
    before = ChangeEvent.objects.count()
    syncing.sign_in("not an address", attributes={"workspace_end_user_groups": ["A"]})
    assert SignInAttempt.objects.get().reason == "no_email"
    assert not EndUser.objects.exists() and ChangeEvent.objects.count() == before
    assert not ConsumedAssertion.objects.exists()
