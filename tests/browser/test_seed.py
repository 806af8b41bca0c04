"""The seed's steps, walked by role and label as an administrator walks them."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Page, expect

from tests.authentication.certificates import make, pem
from tests.browser.steps import Console, metadata_xml
from tests.server import Server


@pytest.fixture
def acme(page: Page, server: Server) -> Console:
    return Console(page, server.demo())


@pytest.fixture
def idp_metadata_url(tmp_path: Path) -> Iterator[str]:
    """Where an IdP of this machine publishes its metadata."""
    (tmp_path / "metadata").write_text(metadata_xml(datetime.now(UTC)))
    handler = partial(SimpleHTTPRequestHandler, directory=tmp_path)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as idp:
        Thread(target=idp.serve_forever, args=[0.01]).start()
        yield f"http://127.0.0.1:{idp.server_port}/metadata"
        idp.shutdown()


def test_from_sign_in_to_the_copied_token(page: Page, acme: Console):
    name = acme.fresh("Okta Dev")
    acme.sign_in("owner")
    acme.open_authentication("DEV")
    acme.switch_saml_on()
    acme.start_wizard(name, enforcement="Selected domains", domains="seed.example, seed.test")

    sso_url = acme.copy("Specify Single sign-on URL")
    entity_id = acme.copy("Service provider (SP) entity ID")
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/saml/[0-9a-f-]{36}/acs", sso_url)
    assert entity_id == sso_url.removesuffix("acs") + "metadata"
    assert entity_id in page.request.get(entity_id).text()

    page.get_by_role("radio", name="No").check()
    page.get_by_role("radio", name="Enter single values").check()
    page.get_by_label("Identity provider single sign-on URL").fill("https://idp.example/sso")
    page.get_by_label("Identity provider issuer (entity ID)").fill("https://idp.example/metadata")
    page.get_by_label("X.509 certificate(s)").fill(pem(make(days=3650)))
    page.get_by_role("button", name="Set up", exact=True).click()

    expect(page.get_by_role("heading", name="Authentication & Groups")).to_be_visible()
    row = acme.row(name)
    expect(row).to_contain_text("seed.example")
    row.get_by_role("link", name=re.compile("^Set up")).click()
    expect(page.get_by_role("heading", name="End user and group provisioning")).to_be_visible()
    # By keyboard: the page that this opens goes on where the hand is. Its script listens once the page is loaded.
    page.wait_for_load_state()
    page.get_by_label("Provisioning method").press("S")
    expect(page.get_by_label("SCIM token", exact=True)).to_be_visible()
    expect(page.get_by_label("Provisioning method")).to_be_focused()
    expect(page.get_by_text("End-user and group data may be overwritten by your IdP")).to_be_visible()
    base_url = acme.copy("Base URL")
    token = acme.copy("SCIM token")
    assert acme.ask_scim(base_url, token).status == 403
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
    assert (
        page.request.get(f"{base_url}/Users", headers={"Authorization": f"Bearer {token}"}).json()["totalResults"] == 0
    )
    assert token not in page.content()

    acme.open_authentication("DEV")
    acme.open_menu(name, "Edit")
    page.get_by_role("link", name="Connection").click()
    expect(page.get_by_role("radio", name="Enter single values")).to_be_checked()
    expect(page.get_by_label("Identity provider single sign-on URL")).to_have_value("https://idp.example/sso")
    expect(page.get_by_label("Identity provider single sign-on URL")).to_be_visible()


def test_base_url_and_token_are_had_again_through_the_ellipsis_menu(page: Page, acme: Console, server: Server):
    name = acme.fresh("Entra Dev")
    access = server.demo("--empty-scim", name)
    acme.sign_in("owner")
    acme.open_authentication("DEV")
    acme.switch_saml_on()
    acme.open_menu(name, "End user & group provisioning")
    expect(page.get_by_label("Base URL")).to_have_value(access["base_url"])
    assert access["token"] not in page.content()

    page.get_by_role("link", name=re.compile("^Reveal")).click()
    page.get_by_label("Your password").fill("not my password")
    page.get_by_role("button", name="Reveal").click()
    expect(page.get_by_role("group", name="What to correct")).to_be_focused()
    assert access["token"] not in page.content()
    page.get_by_label("Your password").fill(acme.password("owner"))
    page.get_by_role("button", name="Reveal").click()
    assert acme.copy("SCIM token") == access["token"]


def test_metadata_can_be_given_by_url(page: Page, acme: Console, idp_metadata_url: str):
    name = acme.fresh("Keycloak Dev")
    acme.sign_in("admin")
    acme.open_authentication("DEV")
    acme.switch_saml_on()
    acme.start_wizard(name)
    page.get_by_role("radio", name="Yes").check()
    page.get_by_label("Metadata URL", exact=True).fill(idp_metadata_url)
    page.get_by_role("button", name="Set up", exact=True).click()
    expect(acme.row(name)).to_contain_text("On")


def test_wrong_metadata_keeps_what_was_typed_and_says_what_to_correct(page: Page, acme: Console):
    acme.sign_in("admin")
    acme.open_authentication("DEV")
    acme.switch_saml_on()
    acme.start_wizard(acme.fresh("Ping Dev"))
    page.get_by_role("radio", name="No").check()
    page.get_by_role("radio", name="Enter single values").check()
    page.get_by_label("Identity provider single sign-on URL").fill("http://idp.example/sso")
    page.get_by_label("Identity provider issuer (entity ID)").fill("https://idp.example/metadata")
    page.get_by_label("X.509 certificate(s)").fill("no certificate")
    page.get_by_role("button", name="Set up", exact=True).click()

    expect(page.get_by_role("group", name="What to correct")).to_be_focused()
    expect(page.get_by_label("Identity provider single sign-on URL")).to_have_value("http://idp.example/sso")
    expect(page.get_by_label("Identity provider single sign-on URL")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Identity provider issuer (entity ID)")).to_have_value("https://idp.example/metadata")
    expect(page.get_by_label("X.509 certificate(s)")).to_have_value("no certificate")
    page.get_by_role("radio", name="Paste the XML").check()
    page.get_by_label("Or paste metadata XML").fill(metadata_xml(datetime.now(UTC)))
    page.get_by_role("button", name="Set up", exact=True).click()
    expect(page.get_by_role("heading", name="Authentication & Groups")).to_be_visible()


def test_an_end_user_added_by_hand_stands_in_environment_and_group(page: Page, acme: Console):
    group, person = acme.fresh("Partners"), acme.fresh("Nour Example")
    acme.sign_in("admin")
    acme.open("DEV", "Authentication & Groups")
    page.get_by_role("link", name="Create end-user group").click()
    page.get_by_label("Group name").fill(group)
    page.get_by_role("button", name="Create").click()

    acme.open("DEV", "End users")
    page.get_by_role("link", name="Add end user").click()
    page.get_by_label("Full name").fill(person)
    page.get_by_label("Email address").fill(f"{person.replace(' ', '.')}@acme.example")
    page.get_by_role("checkbox", name="DEV").check()
    page.get_by_label("Group in DEV").select_option(label=group)
    page.get_by_role("button", name="Add end user").click()

    expect(page.get_by_role("heading", name=person)).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text(group)
