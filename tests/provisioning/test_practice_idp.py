"""The practice IdP as pages and as a program, which runs for a console on the same machine only."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import pytest

from authentication.saml.attributes import AssertedProfile, AttributeNames, pick_profile
from authentication.saml.errors import SamlReason, SamlRefused
from authentication.saml.gate import check_response
from authentication.saml.responses import peek_in_response_to
from provisioning.practice_idp.demo import CannotStart, Demo, parse
from provisioning.practice_idp.errors import BadRequest
from provisioning.practice_idp.saml.site import SignInSite
from provisioning.practice_idp.server import Server
from tests.commands import PROJECT, outer_environment
from tests.provisioning.practice import ADA, PROVIDER, asked, demo_data, read, response_of, running

# The pages. -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def demo(tmp_path: Path) -> Demo:
    return parse(demo_data(tmp_path))


@pytest.fixture
def pages(demo: Demo) -> SignInSite:
    return SignInSite(demo)


def chosen(request: dict[str, str], wrong: str = "", person: str = ADA.email, **more: str) -> dict[str, str]:
    return {**request, "person": person, "wrong": wrong, **more}


def sent(page: str) -> str:
    """Return the response in the form of a page."""
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


def test_a_sign_in_begins_here_without_a_request(pages):
    (link,) = re.findall(r'href="/idp/7f3a/sso\?([^"]+)"', pages.home())
    begun = dict(parse_qsl(unescape(link)))
    assert begun == {"service": PROVIDER.sp_entity_id, "RelayState": "http://127.0.0.1:8000/sign-in/acme/test/"}
    assert "None: the sign-in begins here" in pages.choose("7f3a", begun)
    page = pages.send("7f3a", chosen(begun), EVERYTHING)
    assert f'name="RelayState" value="{begun["RelayState"]}"' in page
    assert peek_in_response_to(check_response(sent(page))) is None and "InResponseTo" not in page
    with pytest.raises(BadRequest):
        pages.choose("7f3a", {"service": "https://somewhere-else.example/metadata"})


def test_the_last_response_can_be_sent_once_more(pages):
    with pytest.raises(BadRequest):
        pages.send("7f3a", chosen(asked()[1], "replay"), EVERYTHING)
    first_id, first = asked()
    honest = sent(pages.send("7f3a", chosen(first), EVERYTHING))
    pages.send("7f3a", chosen(first, "altered"), EVERYTHING)
    second_id, second = asked()
    replayed = sent(pages.send("7f3a", chosen(second, "replay"), EVERYTHING))
    assert replayed == honest and read(replayed, first_id)
    with pytest.raises(SamlRefused) as refused:
        read(replayed, second_id)
    assert refused.value.reason is SamlReason.WRONG_REQUEST


def test_somebody_else_can_be_anybody(pages):
    request_id, request = asked()
    fields = chosen(request, person="somebody-else", email="new.person@acme.example", groups="A, B,")
    claims = read(sent(pages.send("7f3a", fields, EVERYTHING)), request_id)
    assert pick_profile(claims, AttributeNames()) == AssertedProfile(
        "new.person@acme.example", "New Person", ("A", "B")
    )


@pytest.mark.parametrize("person", ["", "stranger@acme.example", "somebody-else"])
def test_nobody_chosen_is_asked_again(pages, person):
    page = pages.send("7f3a", chosen(asked()[1], person=person), EVERYTHING)
    assert 'role="alert"' in page and "SAMLResponse" not in page


def test_providers_that_lead_elsewhere_are_not_played(pages, demo):
    assert [provider.id for provider in demo.providers] == ["7f3a"]
    with pytest.raises(BadRequest):
        pages.choose("9c1b", asked()[1])


# The program. ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def server(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with running(demo, monkeypatch) as server:
        yield server


def test_it_is_walked_by_a_browser_without_scripts(server):
    assert "/sign-in/acme/test/" in response_of(server, "/")[1]
    assert "color-scheme" in response_of(server, "/style.css")[1]
    request_id, request = asked()
    status, page = response_of(server, f"/idp/7f3a/sso?{urlencode(request)}")
    assert status == 200 and "<script" not in page and "style=" not in page
    status, page = response_of(server, "/idp/7f3a/response", chosen(request) | {"send": "email"})
    assert status == 200 and read(sent(page), request_id).name_id == ADA.email


def test_it_says_what_it_cannot_do(server):
    assert response_of(server, "/idp/7f3a/sso")[0] == 400
    assert response_of(server, "/idp/unknown/sso")[0] == 400
    assert response_of(server, "/somewhere")[0] == 404
    assert response_of(server, "/idp/7f3a/response", {"person": "x" * 200_001})[0] == 413


def test_no_other_name_leads_to_it(server):
    assert server.server_address[0] == "127.0.0.1"
    assert response_of(server, "/", Host="rebound.example")[0] == 421


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
    with pytest.raises(CannotStart):
        parse(demo_data(tmp_path, **changes))


def test_as_a_program_it_says_why_it_does_not_run(tmp_path):
    file = tmp_path / "demo.json"
    file.write_text(json.dumps(demo_data(tmp_path, origin="https://admin.example.com")))
    done = run("-m", "provisioning.practice_idp", "--demo", str(file))
    assert done.returncode == 1
    assert done.stderr.startswith("The practice IdP is not running.") and "Traceback" not in done.stderr


def test_it_imports_nothing_of_the_apps_nor_django():
    """Identity providers are programs of others: this one knows only what is in its file."""
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
