"""The look of an environment on end users' pages, in their mails, and its files for everybody."""

import re

import pytest
from django.core.exceptions import RequestDataTooBig
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from authentication.actions.passwords import invite_end_user
from tests import factories
from tests.authentication.end_users import environments, person, provider, sign_in, signed_in, url
from tests.workspace import branding
from tests.workspace.branding import brand, png, svg, woff2
from workspace.branding.fonts import checked_font
from workspace.branding.look import Look
from workspace.branding.pictures import clean_logo
from workspace.events import SYSTEM
from workspace.models import LoginExperienceDraft

pytestmark = pytest.mark.django_db
LOOK = {"app_name": "Portal", "footer": "## Help\n\n[Privacy](https://example.com/)", "brand_color": "#A01E5A"}
ANONYMOUS = ["", "password/forgotten/", "password/set/?token=none", "signed-out/", "no-such-page/"]


@pytest.fixture
def branded(places):
    """TEST of acme, with a look."""
    brand(places[1], **LOOK)
    return places[1]


def files_of(page: str) -> dict[str, str]:
    """The addresses of a page's style sheet and logo."""
    return {
        "style": re.search(r'href="([^"]*/branding/[^"]*\.css)"', page)[1],
        "logo": re.search(r'<img class="plain-logo"\s+src="([^"]+)"', page)[1],
    }


class TestPages:
    @pytest.mark.parametrize("path", ANONYMOUS)
    def test_every_page_for_everybody_has_the_look(self, client, branded, path):
        page = client.get(url(branded, path)).content.decode()
        assert 'alt="Portal"' in page and "· Portal TEST</title>" in page
        assert '<a href="https://example.com/" target="_blank" rel="noopener noreferrer">Privacy</a>' in page
        for address in files_of(page).values():
            assert client.get(address).status_code == 200

    def test_pages_of_who_is_signed_in_have_it_too(self, branded):
        browser = signed_in(branded, person(branded))
        for path in ("account/", "account/password/"):
            page = browser.get(url(branded, path)).content.decode()
            assert 'alt="Portal"' in page and "#" not in files_of(page)["logo"]
        assert "You are signed in to TEST of Portal." in browser.get(url(branded, "account/")).content.decode()

    def test_a_refused_sign_in_has_it_too(self, client, branded):
        page = sign_in(client, branded, password="wrong").content.decode()
        assert "You could not be signed in." in page and 'alt="Portal"' in page

    def test_a_refused_saml_sign_in_leads_back_with_it(self, client, branded):
        use = provider(branded)
        response = client.post(f"/saml/{use.identity_provider_id}/acs", {"SAMLResponse": "nonsense"})
        page = response.content.decode()
        assert response.status_code == 403 and 'alt="Portal"' in page and url(branded) in page

    def test_a_refused_sign_out_leads_back_with_it(self, client, branded):
        use = provider(branded)
        response = client.post(f"/saml/{use.identity_provider_id}/slo", {"SAMLRequest": "nonsense"})
        page = response.content.decode()
        assert response.status_code == 403 and 'alt="Portal"' in page and url(branded) in page

    def test_the_headings_name_the_app(self, client, branded, places):
        assert "<h1>Sign in to Portal</h1>" in client.get(url(branded)).content.decode()
        assert "<h1>Sign in to Acme</h1>" in client.get(url(places[0])).content.decode()

    def test_an_environment_without_a_look_has_the_default_one(self, client, places):
        page = client.get(url(places[0])).content.decode()
        style = client.get(re.search(r'href="([^"]*/branding/[^"]*\.css)"', page)[1]).content.decode()
        assert "--accent:#108291" in style and "plain-logo" not in page and "plain-legal" not in page

    def test_another_environment_keeps_its_own(self, client, branded, places):
        assert "Portal" not in client.get(url(places[2])).content.decode()

    def test_the_console_stays_as_it_is(self, client, branded):
        owner = factories.sign_in(client, factories.administrator(branded.workspace))
        page = owner.get("/workspaces/acme/test/groups/").content.decode()
        assert "/branding/" not in page and "Portal" not in page

    def test_a_hostile_name_is_only_text(self, client, places):
        brand(places[0], app_name='"><script>alert(1)</script>')
        page = client.get(url(places[0])).content.decode()
        assert "<script>alert" not in page and "&lt;script&gt;alert" in page

    def test_the_sign_in_page_costs_the_same_and_little(self, client, places):
        def cost(place) -> int:
            with CaptureQueriesContext(connection) as queries:
                assert client.get(url(place)).status_code == 200
            return len(queries)

        plain = cost(places[0])
        brand(places[1], **LOOK)
        assert cost(places[1]) == plain <= 3

    def test_it_weighs_little(self, client, branded):
        assert len(client.get(url(branded)).content) < 10_000
        assert len(client.get(files_of(client.get(url(branded)).content.decode())["style"]).content) < 4_000


class TestErrors:
    def test_a_mistyped_address_leads_back_to_sign_in(self, client, branded):
        response = client.get(url(branded, "acount/"))
        page = response.content.decode()
        assert response.status_code == 404 and "Page not found" in page
        assert f'href="{url(branded)}"' in page and 'href="/"' not in page

    def test_a_place_that_does_not_exist_leads_nowhere_else(self, client, branded):
        foreign = client.get("/sign-in/acme/staging/")
        absent = client.get("/sign-in/no-such/staging/")
        for response in (foreign, absent):
            page = response.content.decode()
            assert response.status_code == 404 and "Portal" not in page and 'href="/"' not in page

    def test_a_form_of_another_site_gets_the_look(self, branded):
        response = Client(enforce_csrf_checks=True).post(
            url(branded, "password/"), {}, headers={"origin": "https://evil"}
        )
        assert response.status_code == 403 and 'alt="Portal"' in response.content.decode()

    def test_a_request_that_cannot_be_read_gets_the_look(self, client, branded, monkeypatch):
        def refuse(*args):
            raise RequestDataTooBig("x")

        monkeypatch.setattr("authentication.views.sign_in.SignInPolicy.of", refuse)
        response = client.get(url(branded))
        assert response.status_code == 400 and 'alt="Portal"' in response.content.decode()

    def test_an_error_of_ours_leads_back_with_the_colours(self, client, branded, monkeypatch):
        monkeypatch.setattr("authentication.views.sign_in.SignInPolicy.of", lambda environment: 1 / 0)
        client.raise_request_exception = False
        response = client.get(url(branded))
        page = response.content.decode()
        assert response.status_code == 500
        assert (
            f'href="{url(branded)}branding/now.css"' in page
            and f'href="{url(branded)}"' in page
            and 'href="/"' not in page
        )

    def test_pages_of_the_console_keep_their_errors(self, client, branded):
        assert 'href="/"' in client.get("/no-such-page/").content.decode()


class TestFiles:
    def test_a_file_is_kept_for_ever_and_does_nothing_by_itself(self, client, branded):
        response = client.get(files_of(client.get(url(branded)).content.decode())["logo"])
        assert response["Content-Type"] == "image/png"
        assert response["Cache-Control"] == "public, max-age=31536000, immutable"
        assert response["X-Content-Type-Options"] == "nosniff"
        policy = response["Content-Security-Policy"]
        assert "default-src 'none'" in policy and policy.endswith("sandbox") and "script" not in policy
        assert not response.has_header("Vary") and not response.cookies

    @pytest.mark.parametrize(
        ("kind", "file", "content_type"),
        [
            ("logo", clean_logo(svg('<path d="M0"/>')), "image/svg+xml"),
            ("font_file", checked_font(woff2()), "font/woff2"),
        ],
    )
    def test_each_kind_has_its_type(self, client, places, kind, file, content_type):
        digest = branding.keep(places[0], kind, file)
        branding.save(places[0], Look(**{kind: digest}))
        response = client.get(url(places[0], f"branding/{digest}/"))
        assert response["Content-Type"] == content_type and response.content == file.content

    def test_a_file_that_is_not_shown_is_absent(self, client, branded, places):
        shown = brand(places[0]).logo
        unsaved = branding.keep(branded, "logo", clean_logo(png((7, 7))))
        globex = environments("globex")[0]
        foreign = brand(globex, app_name="x").logo
        branding.save(places[0], Look())
        for digest in (shown, unsaved, "0" * 64):
            assert client.get(url(places[0], f"branding/{digest}/")).status_code == 404
        assert client.get(url(branded, f"branding/{unsaved}/")).status_code == 404
        assert client.get(url(places[2], f"branding/{foreign}/")).status_code == 404
        assert client.get(url(globex, f"branding/{foreign}/")).status_code == 200

    def test_nothing_of_a_removed_workspace_is_served(self, client, branded):
        addresses = files_of(client.get(url(branded)).content.decode())
        branded.workspace.removed_at = timezone.now()
        branded.workspace.save()
        assert [client.get(address).status_code for address in addresses.values()] == [404, 404]

    def test_a_style_sheet_of_before_is_answered_with_the_present_one(self, client, branded):
        old = files_of(client.get(url(branded)).content.decode())["style"]
        assert "immutable" in client.get(old)["Cache-Control"]
        brand(branded, brand_color="#222222")
        response = client.get(old)
        assert response["Cache-Control"] == "no-cache" and "#222222" in response.content.decode()

    def test_nothing_is_posted_there(self, client, branded):
        for address in files_of(client.get(url(branded)).content.decode()).values():
            assert client.post(address).status_code == 405


class TestPreview:
    def address(self, place, draft="saved", state="light"):
        where = {"workspace": place.workspace.slug, "environment": place.slug}
        return reverse("authentication:login-experience-preview", kwargs=where | {"draft": draft, "state": state})

    @pytest.fixture
    def draft(self, places):
        digest = branding.keep(places[0], "logo", clean_logo(png()))
        values = Look(app_name="Draft", logo=digest).values
        return LoginExperienceDraft.objects.create(environment=places[0], values=values)

    @pytest.mark.parametrize("role", ["viewer", "admin", "owner"])
    def test_every_role_sees_it_in_a_frame_of_our_own(self, client, places, draft, role):
        browser = factories.sign_in(client, factories.administrator(places[0].workspace, role))
        response = browser.get(self.address(places[0], draft.pk))
        page = response.content.decode()
        assert "Sign in to Draft" in page and "<script" not in page and " inert>" in page
        assert response["X-Frame-Options"] == "SAMEORIGIN"
        assert "frame-ancestors 'self'" in response["Content-Security-Policy"]
        assert "script-src 'none'" in response["Content-Security-Policy"]
        for address in re.findall(r'(?:href|src)="(/workspaces/[^"]+)"', page):
            assert browser.get(address).status_code == 200

    def test_the_error_state_shows_an_error(self, client, places, draft):
        browser = factories.sign_in(client, factories.administrator(places[0].workspace))
        page = browser.get(self.address(places[0], draft.pk, "error")).content.decode()
        assert "You could not be signed in." in page

    def test_others_see_nothing(self, client, places, draft):
        assert client.get(self.address(places[0], draft.pk))["Location"].startswith("/sign-in/?next=")
        globex = environments("globex")
        foreign = factories.sign_in(Client(), factories.administrator(globex[0].workspace))
        for method in ("get", "post"):
            assert getattr(foreign, method)(self.address(places[0], draft.pk)).status_code == 404
        assert foreign.get(self.address(globex[0], draft.pk)).status_code == 404


def test_mails_name_the_app(branded, mails):
    ada = person(branded, password="")
    (mail,) = mails(lambda: invite_end_user(end_user=ada, environment=branded, by=SYSTEM, now=timezone.now()))
    assert mail.subject == "You are invited to Portal TEST"
    assert mail.body.startswith("Portal\n\nHello Ada Winter,\n\nyou can sign in to Portal TEST now.")
