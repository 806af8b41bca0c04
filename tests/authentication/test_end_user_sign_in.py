"""How end users get in: the way that the policy leaves them, and nothing learnt by those who stay outside."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from authentication.actions.policies import switch_password
from authentication.models import EndUserSession, SignInAttempt
from authentication.views.sign_in import REFUSAL
from tests import factories
from tests.authentication.end_users import environments, is_signed_in, person, provider, sign_in, signed_in, text, url
from tests.factories import PASSWORD
from workspace.actions.end_users import deactivate_end_user
from workspace.events import SYSTEM
from workspace.models.throttling import FREE_ATTEMPTS

pytestmark = pytest.mark.django_db
ADA = "ada.winter@acme.example"


@pytest.fixture
def places():
    return environments()


@pytest.fixture
def dev(places):
    return places[0]


@pytest.fixture
def ada(dev):
    return person(dev)


def reasons() -> list[str]:
    return list(SignInAttempt.objects.order_by("id").values_list("reason", flat=True))


# In


def test_address_and_password_open_the_account(client, dev, ada):
    response = sign_in(client, dev)
    assert (response.status_code, response["Location"]) == (302, url(dev, "account/"))
    page = text(client.get(response["Location"]))
    assert "Ada Winter" in page and ADA in page and "DEV of Acme" in page and "Everyone" in page


def test_the_address_counts_in_any_spelling(client, dev, ada):
    sign_in(client, dev, " ADA.Winter@ACME.example ")
    assert is_signed_in(client, dev)


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(client, dev, ada, settings):
    sign_in(client, dev)
    (cookie,) = [each for name, each in client.cookies.items() if "end-user" in name]
    assert (cookie.key, cookie["httponly"], cookie["samesite"]) == ("end-user.acme.dev", True, "Lax")
    settings.SESSION_COOKIE_SECURE = True
    sign_in(client, dev)
    cookie = client.cookies["__Host-end-user.acme.dev"]
    assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")


def test_s11_an_end_user_is_nobody_in_the_console_and_an_administrator_nobody_here(client, dev, ada):
    sign_in(client, dev)
    assert client.get("/workspaces/acme/dev/groups/")["Location"].startswith("/sign-in/?next=")
    assert client.get("/operator/").status_code == 302
    administrator = Client()
    administrator.force_login(factories.administrator(dev.workspace).user)
    assert not is_signed_in(administrator, dev)


@pytest.mark.parametrize("place", ["nowhere/dev", "acme/staging", "acme/prod-1"])
@pytest.mark.parametrize("path", ["", "password/forgotten/", "password/set/", "signed-out/"])
def test_a_place_that_does_not_exist_is_404(client, dev, place, path):
    assert client.get(f"/sign-in/{place}/{path}").status_code == 404


def test_a_person_of_another_workspace_is_unknown_here(client, dev, ada):
    elsewhere = environments("globex")[0]
    assert sign_in(client, elsewhere).status_code == 200
    assert reasons() == ["unknown_person"]


# The way


def test_without_providers_the_password_form_comes_at_once(client, dev):
    page = text(client.get(url(dev)))
    assert 'name="password"' in page and 'name="email"' in page and f'action="{url(dev, "password/")}"' in page


def test_with_both_ways_the_address_comes_first_then_both(client, dev, ada):
    provider(dev)
    first = text(client.get(url(dev)))
    assert 'name="email"' in first and 'name="password"' not in first
    second = text(client.post(url(dev), {"email": ADA}))
    assert 'name="password"' in second and "Continue with Okta Dev" in second


def test_where_sso_is_enforced_for_all_the_way_leads_straight_to_the_only_provider(client, dev):
    environment_provider = provider(dev, "Okta Dev", "all_domains")
    response = client.get(url(dev))
    assert response.status_code == 302
    assert response["Location"].startswith(url(dev, f"sso/{environment_provider.identity_provider_id}/?next="))


def test_an_address_of_a_selected_domain_is_led_on_without_a_redirect_after_the_form(client, dev):
    """The content security policy would stop a redirect from a form to another origin."""
    environment_provider = provider(dev, "Okta Dev", "selected_domains", "acme.example")
    assert client.get(url(dev)).status_code == 200
    response = client.post(url(dev), {"email": ADA})
    onwards = url(dev, f"sso/{environment_provider.identity_provider_id}/")
    assert response.status_code == 200 and response["Refresh"].startswith(f"0; url={onwards}")
    assert f'href="{onwards}' in response.content.decode()


@pytest.mark.parametrize("enforcement", [(), ("all_domains",), ("selected_domains", "acme.example")])
def test_an_unknown_address_gets_the_same_next_step_as_a_known_one(client, dev, ada, enforcement):
    provider(dev, "Okta Dev", *enforcement)
    known, unknown = "ada.winter@acme.example", "noa.winter@acme.example"
    pages = [text(client.post(url(dev), {"email": email})) for email in (known, unknown)]
    assert pages[0].replace("ada.winter", "") == pages[1].replace("noa.winter", "")


def test_an_address_is_asked_for_and_stays_when_it_is_wrong(client, dev):
    provider(dev)
    assert "Enter your email address." in text(client.post(url(dev), {"email": ""}))
    assert f'value="{"a" * 300}"' in text(client.post(url(dev), {"email": "a" * 300}))


@pytest.mark.parametrize(
    ("enforcement", "reason"),
    [("no_one", ""), ("all_domains", "sso_enforced"), ("selected_domains", "sso_enforced")],
)
def test_a_password_does_not_get_round_enforcement(client, dev, ada, enforcement, reason):
    domains = ["acme.example"] if enforcement == "selected_domains" else []
    provider(dev, "Okta Dev", enforcement, *domains)
    sign_in(client, dev)
    assert is_signed_in(client, dev) is not bool(reason)
    assert reasons() == [reason]


def test_others_keep_the_password_where_domains_are_selected(client, dev, ada):
    provider(dev, "Okta Dev", "selected_domains", "partner.example")
    sign_in(client, dev)
    assert is_signed_in(client, dev)


def test_no_password_opens_where_passwords_are_off(client, dev, ada):
    provider(dev)
    switch_password(environment=dev, is_enabled=False, by=SYSTEM)
    assert "Continue with Okta Dev" in text(sign_in(client, dev))
    assert reasons() == ["password_off"] and not is_signed_in(client, dev)


# Refused


@pytest.fixture
def refused(dev, places, ada):
    """Attempts that fail, by reason."""
    deactivate_end_user(end_user=person(dev, name="Gone Away"), by=SYSTEM)
    person(places[1], name="Only Test")
    person(dev, name="No Password", password="")
    return {
        "wrong_password": (ADA, "wrong"),
        "unknown_person": ("nobody@acme.example", PASSWORD),
        "deactivated": ("gone.away@acme.example", PASSWORD),
        "no_access": ("only.test@acme.example", PASSWORD),
        "no_password": ("no.password@acme.example", PASSWORD),
    }


def test_all_refusals_read_the_same_and_only_the_attempt_knows_why(client, dev, refused):
    pages = {reason: text(sign_in(client, dev, *typed)).replace(typed[0], "") for reason, typed in refused.items()}
    assert len(set(pages.values())) == 1
    assert reasons() == list(refused)
    assert not EndUserSession.objects.exists()


def test_the_person_is_shown_the_id_under_which_the_attempt_is_kept(client, dev, ada):
    response = sign_in(client, dev, password="wrong")
    attempt = SignInAttempt.objects.get()
    assert response["X-Request-ID"] == str(attempt.pk)
    page = response.content.decode()
    assert REFUSAL.format(reference=attempt.pk) in page and page.count(str(attempt.pk)) == 1


@pytest.mark.parametrize("reason", ["wrong_password", "unknown_person", "deactivated", "no_access", "no_password"])
def test_every_refusal_hashes_one_password(client, dev, refused, reason, hashed):
    hashed.clear()
    sign_in(client, dev, *refused[reason])
    assert len(hashed) == 1


def test_the_address_stays_but_never_the_password(client, dev):
    page = text(sign_in(client, dev, password="my secret mistake"))
    assert f'value="{ADA}"' in page and "my secret mistake" not in page


def test_empty_fields_are_no_attempt(client, dev):
    assert "Enter your password." in text(client.post(url(dev, "password/"), {"email": ADA, "password": ""}))
    assert reasons() == []


def test_the_password_form_alone_leads_to_the_beginning(client, dev):
    assert client.get(url(dev, "password/"))["Location"] == url(dev)


# Throttled


def fail(client, dev, times, email=ADA):
    for _ in range(times):
        response = sign_in(client, dev, email, "wrong")
    return response


@pytest.mark.parametrize("email", [ADA, "nobody@acme.example"])
@pytest.mark.usefixtures("standing_clock")
def test_after_some_failures_one_has_to_wait_also_where_there_is_no_account(client, dev, ada, email):
    assert fail(client, dev, FREE_ATTEMPTS, email).status_code == 200
    response = sign_in(client, dev, email)
    assert response.status_code == 429 and response["Retry-After"] == "1"
    assert "Too many attempts. Wait 1 second, then try again." in text(response)
    assert reasons()[-1] == "too_many_attempts" and not is_signed_in(client, dev)


def test_after_the_wait_the_right_password_opens_and_clears_the_count(client, dev, ada, monkeypatch):
    fail(client, dev, FREE_ATTEMPTS)
    later = timezone.now() + timedelta(seconds=2)
    monkeypatch.setattr("authentication.views.sign_in.timezone.now", lambda: later)
    assert sign_in(client, dev)["Location"] == url(dev, "account/")
    assert fail(client, dev, FREE_ATTEMPTS).status_code == 200


@pytest.mark.usefixtures("standing_clock")
def test_the_environments_of_a_workspace_are_throttled_together_and_workspaces_apart(client, dev, places, ada):
    fail(client, dev, FREE_ATTEMPTS)
    assert sign_in(client, places[1]).status_code == 429
    assert sign_in(client, environments("globex")[0]).status_code == 200


def test_the_consoles_account_of_the_same_address_is_not_throttled(client, dev):
    administrator = factories.administrator(dev.workspace)
    fail(client, dev, FREE_ATTEMPTS + 1, administrator.user.email)
    data = {"email": administrator.user.email, "password": PASSWORD}
    assert client.post("/sign-in/", data).status_code == 302


# On


@pytest.mark.parametrize("path", ["account/", "account/password/"])
def test_next_leads_back_to_the_page_of_the_account_that_was_asked_for(client, dev, ada, path):
    asked = client.get(url(dev, path))["Location"]
    wanted = client.get(asked).context["next"]
    data = {"email": ADA, "password": PASSWORD, "next": wanted}
    assert client.post(url(dev, "password/"), data)["Location"] == url(dev, path)


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/sign-in/acme/dev/account/",
        "/\\evil.example",
        "javascript:alert(1)",
        "/workspaces/acme/dev/groups/",
        "/sign-in/acme/prod/account/",
        "/sign-in/acme/dev/sign-out/",
        "",
    ],
)
def test_s10_next_leads_nowhere_else(client, dev, ada, target):
    data = {"email": ADA, "password": PASSWORD, "next": target}
    assert client.post(url(dev, "password/"), data)["Location"] == url(dev, "account/")
    assert client.get(url(dev), {"next": target})["Location"] == url(dev, "account/")


def test_the_second_of_two_open_tabs_leads_on(dev, ada):
    """In both the address was asked for; the first has signed in."""
    provider(dev, "Okta Dev", "selected_domains", "globex.example")
    inside = signed_in(dev, ada)
    assert inside.post(url(dev), {"email": ADA, "next": url(dev, "account/password/")})["Location"] == url(
        dev, "account/password/"
    )
    assert inside.post(url(dev, "password/"), {"email": ADA, "password": PASSWORD})["Location"] == url(dev, "account/")


def test_the_pages_stay_in_no_cache_and_have_one_heading_and_no_inline_code(dev, ada):
    inside = signed_in(dev, ada)
    pages = [Client().get(url(dev, path)) for path in ("", "password/forgotten/", "password/set/", "signed-out/")]
    pages += [inside.get(url(dev, path)) for path in ("account/", "account/password/")]
    for response in pages:
        page = response.content.decode()
        assert "no-store" in response["Cache-Control"]
        assert page.count("<h1") == 1 and " style=" not in page and " onclick=" not in page


def test_forms_need_the_token_of_their_page(dev, ada):
    strict = Client(enforce_csrf_checks=True)
    for path in ("", "password/", "sign-out/", "password/forgotten/", "password/set/", "account/sessions/end/"):
        assert strict.post(url(dev, path), {"email": ADA, "password": PASSWORD}).status_code == 403
