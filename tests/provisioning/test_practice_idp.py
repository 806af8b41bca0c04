"""The practice IdP: honest by default, wrong in exactly the way that was chosen, and at home only."""

import base64
import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from authentication.actions.identity_providers import connect_provider
from authentication.models import IdentityProvider
from authentication.saml.attributes import AttributeNames, Profile, pick_profile
from authentication.saml.errors import Reason, SamlRefused
from authentication.saml.requests import new_request, redirect_url
from authentication.saml.responses import Claims, ProviderFacts, SpFacts, read_response
from provisioning.demo import practice, report
from provisioning.demo.checks import practice_idp_stays_at_home
from provisioning.practice_idp.demo import Demo, Person, Provider, Unusable, parse
from provisioning.practice_idp.keys import Key
from provisioning.practice_idp.saml.idp import LABELS, Idp, Misunderstood, Sends
from provisioning.practice_idp.server import Practice, Server
from tests.factories import end_user, group, identity_provider, workspace
from tests.server import PROJECT, outer_environment
from workspace.events import SYSTEM

ORIGIN, IDP_ORIGIN = "http://127.0.0.1:8000", "http://localhost:8001"
KEY = Key.fresh()
ADA = Person("ada@acme.example", "Ada <Winter>", ("Engineering", "Sales"))
PROVIDER = Provider(
    id="7f3a",
    name="Okta Test",
    workspace="acme",
    environment="test",
    state="on",
    entity_id=f"{IDP_ORIGIN}/idp/7f3a",
    sso_url=f"{IDP_ORIGIN}/idp/7f3a/sso",
    acs_url=f"{ORIGIN}/saml/7f3a/acs",
    sp_entity_id=f"{ORIGIN}/saml/7f3a/metadata",
    sp_slo_url=f"{ORIGIN}/saml/7f3a/slo",
)
IDP = Idp(PROVIDER, KEY)
REQUEST_ID = "_request-1"
REFUSALS = {
    "other-key": Reason.CERTIFICATE_UNKNOWN,
    "audience": Reason.WRONG_AUDIENCE,
    "recipient": Reason.WRONG_RECIPIENT,
    "expired": Reason.RESPONSE_EXPIRED,
    "unsigned": Reason.NOT_SIGNED,
    "altered": Reason.SIGNATURE_INVALID,
    "wrapped": Reason.UNEXPECTED_STRUCTURE,
    "request": Reason.WRONG_REQUEST,
}


def read(encoded: str | bytes, request_id: str = REQUEST_ID) -> Claims:
    return read_response(
        encoded,
        provider=ProviderFacts(PROVIDER.entity_id, (KEY.certificate,), allow_sha1=False),
        sp=SpFacts(PROVIDER.sp_entity_id, PROVIDER.acs_url),
        in_response_to=request_id,
        now=datetime.now(UTC),
    )


def read_xml(xml: bytes) -> Claims:
    return read(base64.b64encode(xml))


def profile(xml: bytes) -> Profile:
    return pick_profile(read_xml(xml), AttributeNames())


def asked(**changes: str) -> tuple[str, dict[str, str]]:
    """A request as the service makes it: its id, and the fields that arrive at the IdP."""
    facts = {"entity_id": PROVIDER.sp_entity_id, "acs_url": PROVIDER.acs_url, "sso_url": PROVIDER.sso_url} | changes
    request = new_request(**facts, now=datetime.now(UTC))
    return request.id, dict(parse_qsl(urlsplit(redirect_url(request, relay_state='"key"')).query))


# What it sends. -------------------------------------------------------------------------------------------------------


def test_an_honest_response_says_who_it_is():
    claims = read_xml(IDP.respond(REQUEST_ID, ADA))
    assert (claims.name_id, claims.issuer) == (ADA.email, PROVIDER.entity_id)
    assert pick_profile(claims, AttributeNames()) == Profile(ADA.email, ADA.name, ADA.groups)


@pytest.mark.parametrize(
    ("sends", "expected"),
    [
        (Sends(name=False), Profile(ADA.email, "", ADA.groups)),
        (Sends(groups=False), Profile(ADA.email, ADA.name, None)),
        (Sends(email=False), Profile("", ADA.name, ADA.groups)),
        (Sends(email=False, name=False, groups=False), Profile("", "", None)),
    ],
    ids=["name", "groups", "email", "all"],
)
def test_what_is_left_out_is_not_said(sends, expected):
    assert profile(IDP.respond(REQUEST_ID, ADA, sends)) == expected


def test_without_the_address_the_same_person_has_the_same_identifier():
    first, second, other = (
        read_xml(IDP.respond(REQUEST_ID, person, Sends(email=False))).name_id
        for person in (ADA, ADA, replace(ADA, email="bo@acme.example"))
    )
    assert first == second != other


def test_an_empty_group_attribute_says_that_somebody_is_in_no_group():
    assert profile(IDP.respond(REQUEST_ID, ADA, wrong="no-groups")).groups == ()
    assert profile(IDP.respond(REQUEST_ID, Person("bo@acme.example", ""), Sends(name=False), "no-groups")).groups == ()
    assert profile(IDP.respond(REQUEST_ID, replace(ADA, groups=()))).groups is None


@pytest.mark.parametrize(("wrong", "expected"), REFUSALS.items(), ids=REFUSALS)
def test_what_is_wrong_on_purpose_is_refused_for_just_that(wrong, expected):
    with pytest.raises(SamlRefused) as refused:
        read_xml(IDP.respond(REQUEST_ID, ADA, wrong=wrong))
    assert refused.value.reason is expected


def test_every_wrong_choice_is_tried_here():
    assert LABELS.keys() == REFUSALS.keys() | {"replay", "no-groups"}


# What it is asked. ----------------------------------------------------------------------------------------------------


def test_a_request_of_the_service_is_understood():
    request_id, fields = asked()
    assert IDP.read_request(fields["SAMLRequest"]) == request_id


@pytest.mark.parametrize(
    "changes",
    [
        {"entity_id": "https://foreign.example/metadata"},
        {"acs_url": "https://foreign.example/acs"},
        {"sso_url": f"{IDP_ORIGIN}/idp/other/sso"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_request_of_somebody_else_or_for_another_address_is_not_answered(changes):
    with pytest.raises(Misunderstood):
        IDP.read_request(asked(**changes)[1]["SAMLRequest"])


@pytest.mark.parametrize("text", ["", "no request", "bm8gcmVxdWVzdA==", "\N{SNOWMAN}"])
def test_what_is_no_request_is_not_answered(text):
    with pytest.raises(Misunderstood):
        IDP.read_request(text)


# The pages. -----------------------------------------------------------------------------------------------------------


def demo_data(tmp_path: Path, **changes: Any) -> dict[str, Any]:
    key_file = tmp_path / "practice-idp.pem"
    key_file.write_text(KEY.pem)
    provider = {name: getattr(PROVIDER, name) for name in Provider.__slots__}
    elsewhere = provider | {"id": "9c1b", "entity_id": "https://real.example/idp"}
    return {
        "origin": ORIGIN,
        "practice_idp": {"origin": IDP_ORIGIN, "key_file": str(key_file)},
        "environments": [
            {
                "workspace": "acme",
                "slug": "test",
                "sign_in_url": f"{ORIGIN}/sign-in/acme/test/",
                "providers": [provider, elsewhere],
            }
        ],
        "people": [{"workspace": "acme", "email": ADA.email, "name": ADA.name, "groups": list(ADA.groups)}],
    } | changes


@pytest.fixture
def demo(tmp_path: Path) -> Demo:
    return parse(demo_data(tmp_path))


@pytest.fixture
def pages(demo: Demo) -> Practice:
    return Practice(demo)


def chosen(request: dict[str, str], wrong: str = "", person: str = ADA.email, **more: str) -> dict[str, str]:
    return {**request, "person": person, "wrong": wrong, **more}


def sent(page: str) -> str:
    """The response in the form of a page."""
    return unescape(re.search(r'name="SAMLResponse" value="([^"]*)"', page)[1])


EVERYTHING = {"email", "name", "groups"}


def test_the_request_is_shown_with_the_people_of_its_workspace(pages):
    request_id, request = asked()
    page = pages.choose("7f3a", request)
    assert all(text in page for text in (request_id, PROVIDER.acs_url, "Okta Test", "acme TEST"))
    assert "Ada &lt;Winter&gt;" in page and "Ada <Winter>" not in page
    assert 'name="RelayState" value="&quot;key&quot;"' in page


def test_what_is_shown_is_what_is_sent(pages):
    request_id, request = asked()
    page = pages.send("7f3a", chosen(request), EVERYTHING)
    assert read(sent(page), request_id).name_id == ADA.email
    assert f'<form method="post" action="{PROVIDER.acs_url}">' in page
    assert 'name="RelayState" value="&quot;key&quot;"' in page
    assert "&lt;saml:NameID" in page and "Ada &amp;lt;Winter" in page


def test_the_last_response_can_be_sent_once_more(pages):
    with pytest.raises(Misunderstood):
        pages.send("7f3a", chosen(asked()[1], "replay"), EVERYTHING)
    first_id, first = asked()
    honest = sent(pages.send("7f3a", chosen(first), EVERYTHING))
    pages.send("7f3a", chosen(first, "altered"), EVERYTHING)
    second_id, second = asked()
    replayed = sent(pages.send("7f3a", chosen(second, "replay"), EVERYTHING))
    assert replayed == honest and read(replayed, first_id)
    with pytest.raises(SamlRefused) as refused:
        read(replayed, second_id)
    assert refused.value.reason is Reason.WRONG_REQUEST


def test_somebody_else_can_be_anybody(pages):
    request_id, request = asked()
    fields = chosen(request, person="somebody-else", email="new.person@acme.example", groups="A, B,")
    claims = read(sent(pages.send("7f3a", fields, EVERYTHING)), request_id)
    assert pick_profile(claims, AttributeNames()) == Profile("new.person@acme.example", "New Person", ("A", "B"))


@pytest.mark.parametrize("person", ["", "stranger@acme.example", "somebody-else"])
def test_nobody_chosen_is_asked_again(pages, person):
    page = pages.send("7f3a", chosen(asked()[1], person=person), EVERYTHING)
    assert 'role="alert"' in page and "SAMLResponse" not in page


def test_providers_that_lead_elsewhere_are_not_played(pages, demo):
    assert [provider.id for provider in demo.providers] == ["7f3a"]
    with pytest.raises(Misunderstood):
        pages.choose("9c1b", asked()[1])


# The program. ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def server(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The practice IdP on a free port."""
    monkeypatch.setattr(Demo, "port", 0)
    with Server(demo) as server:
        server.names = {f"127.0.0.1:{server.server_port}"}
        Thread(target=server.serve_forever).start()
        yield server
        server.shutdown()


def ask(server: Server, path: str, form: dict[str, str] | None = None, host: str = "") -> tuple[int, str]:
    url = f"http://127.0.0.1:{server.server_port}{path}"
    data = urlencode(form).encode() if form else None
    request = urllib.request.Request(url, data, {"Host": host or urlsplit(url).netloc})
    try:
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_it_is_walked_by_a_browser_without_scripts(server):
    assert "/sign-in/acme/test/" in ask(server, "/")[1]
    assert "color-scheme" in ask(server, "/style.css")[1]
    request_id, request = asked()
    status, page = ask(server, f"/idp/7f3a/sso?{urlencode(request)}")
    assert status == 200 and "<script" not in page and "style=" not in page
    status, page = ask(server, "/idp/7f3a/response", chosen(request) | {"send": "email"})
    assert status == 200 and read(sent(page), request_id).name_id == ADA.email


def test_it_says_what_it_cannot_do(server):
    assert ask(server, "/idp/7f3a/sso")[0] == 400
    assert ask(server, "/idp/unknown/sso")[0] == 400
    assert ask(server, "/somewhere")[0] == 404
    assert ask(server, "/idp/7f3a/response", {"person": "x" * 200_001})[0] == 413


def test_no_other_name_leads_to_it(server):
    assert server.server_address[0] == "127.0.0.1"
    assert ask(server, "/", host="rebound.example")[0] == 421


@pytest.mark.parametrize(
    "changes",
    [
        {"origin": "https://admin.example.com"},
        {"origin": "http://admin.example.com"},
        {"origin": "https://127.0.0.1"},
        {"practice_idp": None},
        {"practice_idp": {"origin": "http://0.0.0.0:8001", "key_file": "-"}},
    ],
    ids=str,
)
def test_it_does_not_run_for_a_public_origin(tmp_path, changes):
    with pytest.raises(Unusable):
        parse(demo_data(tmp_path, **changes))


def test_as_a_program_it_says_why_it_does_not_run(tmp_path):
    file = tmp_path / "demo.json"
    file.write_text(json.dumps(demo_data(tmp_path, origin="https://admin.example.com")))
    done = run("-m", "provisioning.practice_idp", "--demo", str(file))
    assert done.returncode == 1
    assert done.stderr.startswith("The practice IdP is not running.") and "Traceback" not in done.stderr


def test_it_imports_nothing_of_the_apps_nor_django():
    """An identity provider is somebody else's program; what it knows comes from its file."""
    code = "import sys, provisioning.practice_idp.__main__; print(*sys.modules)"
    modules = run("-c", code).stdout.split()
    ours = {name for name in modules if name.split(".")[0] in {"workspace", "authentication", "provisioning", "django"}}
    assert "provisioning.practice_idp.saml" in ours and "saml2.server" in modules
    assert {name for name in ours if not name.startswith("provisioning.practice_idp")} == {"provisioning"}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=PROJECT, env=outer_environment(), capture_output=True, text=True, timeout=60, check=False
    )


# In the demo. ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def at_home(settings: Any, tmp_path: Path) -> Any:
    """Settings of an installation on one's own machine."""
    settings.ORIGIN, settings.DATA_DIR = ORIGIN, tmp_path
    return settings


@pytest.fixture
def provider(db: None, at_home: Any) -> IdentityProvider:
    """A provider of the demo, as its seed connects it."""
    use = identity_provider(workspace().environments.get(slug="test"))
    metadata = practice.idp_side(use.identity_provider)
    connect_provider(use=use, metadata=metadata, source=IdentityProvider.MetadataSource.FIELDS, by=SYSTEM)
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
    environment = provider.uses.get().environment
    group(environment, end_user(environment), name="Engineering")
    demo = parse(report.as_data())
    (played,) = demo.providers
    assert (played.id, played.workspace, played.acs_url) == (str(provider.pk), "acme", provider.acs_url)
    assert demo.people["acme"] == (Person("ada.winter@acme.example", "Ada Winter", ("Engineering",)),)
    assert Idp(played, Key(demo.key)).respond(REQUEST_ID, ADA)


@pytest.mark.parametrize("origin", ["https://admin.example.com", "http://192.0.2.1:8000", "https://localhost"])
def test_a_system_check_refuses_a_public_origin_that_trusts_it(provider, at_home, origin):
    assert practice_idp_stays_at_home(None) == []
    at_home.ORIGIN = origin
    assert [error.id for error in practice_idp_stays_at_home(None)] == ["provisioning.E001"]
    practice.key_file().unlink()
    assert practice_idp_stays_at_home(None) == []
