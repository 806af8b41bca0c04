"""What an administrator of a demo workspace does again and again."""

import itertools
import os
import re
from datetime import datetime
from typing import Any

from playwright.sync_api import APIResponse, Locator, Page, expect

from tests.authentication.certificates import bare, make

_numbers = itertools.count(1)
_AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


class Console:
    """The console of a workspace in a browser."""

    def __init__(self, page: Page, demo: dict[str, Any], workspace: str = "acme") -> None:
        self.page, self.demo, self.workspace = page, demo, workspace

    def fresh(self, name: str) -> str:
        """A name that no other test has used on this server."""
        return f"{name} {os.getpid()}-{next(_numbers)}"

    def password(self, role: str) -> str:
        return self._account(role)["password"]

    def sign_in(self, role: str) -> None:
        account = self._account(role)
        self.page.goto("/")
        self.page.get_by_label("Email").fill(account["email"])
        self.page.get_by_label("Password").fill(account["password"])
        self.page.get_by_role("button", name="Sign in").click()
        # The workspace opens where this browser was last, at first on Get started.
        self.page.wait_for_url(f"**/workspaces/{self.workspace}/*/**")
        groups = self.page.locator("#sidebar a", has_text="Authentication & Groups")
        self.page.goto(groups.get_attribute("href") or "")
        expect(self.page.get_by_role("heading", level=1)).to_have_text("Authentication & Groups")

    def open(self, environment: str, page: str) -> None:
        """Choose the environment in the switch, then the page in the sidebar."""
        self.page.get_by_role("button", name=re.compile("^Environment")).click()
        self.page.get_by_role("link", name=environment, exact=True).click()
        self.page.get_by_role("link", name=page, exact=True).click()

    def open_authentication(self, environment: str) -> None:
        self.open(environment, "Authentication & Groups")
        self.page.get_by_role("link", name="Authentication", exact=True).click()

    def switch_saml_on(self) -> None:
        switch = self.page.get_by_role("switch", name="SAML-based SSO authentication")
        if switch.get_attribute("aria-checked") == "false":
            switch.click()
        expect(switch).to_have_attribute("aria-checked", "true")

    def start_wizard(self, name: str, enforcement: str = "No one yet", domains: str = "") -> None:
        """Step 1, up to the beginning of step 2."""
        self.page.get_by_role("link", name="Set up new provider").click()
        self.page.get_by_label("Identity provider (IdP) name").fill(name)
        self.page.get_by_label("Enforce SAML authentication for").select_option(label=enforcement)
        if domains:
            self.page.get_by_label("Specify domains").fill(domains)
        self.page.get_by_role("button", name="Next").click()
        expect(self.page.get_by_label("Specify Single sign-on URL", exact=True)).to_be_visible()

    def row(self, provider: str) -> Locator:
        return self.page.get_by_role("listitem").filter(has_text=provider)

    def open_menu(self, provider: str, item: str) -> None:
        self.page.get_by_role("button", name=f"Actions for {provider}", exact=True).click()
        self.page.get_by_role("link", name=item).locator("visible=true").click()

    def copy(self, label: str) -> str:
        """Press a copy button, and return what is in the clipboard then."""
        button = self.page.get_by_role("button", name=f"Copy {label}")
        expect(button).to_be_visible()
        self.page.wait_for_load_state()  # before its script has run, the button does nothing
        self.page.evaluate("navigator.clipboard.writeText('')")
        button.click()
        return self.page.wait_for_function("navigator.clipboard.readText()").json_value()

    def ask_scim(self, base_url: str, token: str) -> APIResponse:
        """What an IdP with this token is answered."""
        return self.page.request.get(f"{base_url}/Users", headers={"Authorization": f"Bearer {token}"})

    def _account(self, role: str) -> dict[str, str]:
        accounts = self.demo["administrators"]
        return next(one for one in accounts if one["workspace"] == self.workspace and one["role"] == role)


def give_authenticator(page: Page) -> None:
    """Let a page make passkeys and sign in with them, on a server at localhost."""
    session: Any = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": _AUTHENTICATOR})


def metadata_xml(now: datetime) -> str:
    """An IdP's metadata with a certificate that is valid now."""
    days = (now - datetime(2026, 1, 15, tzinfo=now.tzinfo)).days + 365
    return f"""<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.example/metadata">
  <IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data>
      <X509Certificate>{bare(make(days=days))}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>
    <SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example/sso"/>
  </IDPSSODescriptor>
</EntityDescriptor>"""


def provider(demo: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for place in demo["environments"] for each in place["providers"] if each["name"] == name)


def provider_start(demo: dict[str, Any], name: str) -> str:
    """Where the way through a provider of acme/TEST begins."""
    sign_in_url = next(each["sign_in_url"] for each in demo["environments"] if each["slug"] == "test")
    return f"{sign_in_url}sso/{provider(demo, name)['id']}/"
