"""How a browser goes on to an identity provider: by a redirect, or by a page with a link or a button."""

from typing import cast
from urllib.parse import urlsplit
from uuid import UUID

from csp.decorators import csp_replace
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from authentication.actions.saml_requests import MAX_NEXT_PATH, REQUEST_AGE, Departure
from authentication.models import EnvironmentProvider
from authentication.policy import SignInPolicy
from workspace.tokens import new_token

Context = dict[str, object]

# Cookies.
_NONCE, _BEGUN = "sso-nonce", "sso-begun"


def browser_nonce(request: HttpRequest) -> str:
    """Return what binds SAML requests to this browser, one for all its tabs; a new one if it has none."""
    return request.COOKIES.get(_cookie(_NONCE)) or new_token()


def to_idp(
    request: HttpRequest, environment_provider: EnvironmentProvider, departure: Departure, nonce: str
) -> HttpResponse:
    """Send the browser to the IdP with its AuthnRequest, and keep the nonce in a cookie."""
    context: Context = {
        "environment": environment_provider.environment,
        "provider": environment_provider.identity_provider,
        "departure": departure,
        "url": departure.url,
    }
    if departure.fields:
        response = posting(request, "end_user/sign_in/post.html", departure.url, context)
    elif request.method == "POST":
        response = leading_on(request, "end_user/sign_in/onwards.html", departure.url, context)
    else:
        response = redirect(departure.url)
    _set_cookie(response, _NONCE, nonce)
    return response


def path_of(relay_state: str) -> str:
    """Return the path of ours that an IdP was told to send as RelayState; "" if it is none (S10)."""
    path = relay_state.removeprefix(settings.ORIGIN)
    return path if path.startswith("/sign-in/") and len(path) <= MAX_NEXT_PATH else ""


def place_to_begin(provider: UUID, relay_state: str) -> EnvironmentProvider | None:
    """Return where a sign-in that the IdP began can begin here: in the environment of the RelayState, or the first."""
    uses = [use for use in EnvironmentProvider.objects.of_provider(provider) if _is_usable(use)]
    asked = path_of(relay_state).split("/")[2:4]
    return next((use for use in uses if [use.environment.workspace.slug, use.environment.slug] == asked), None) or next(
        iter(uses), None
    )


def _is_usable(use: EnvironmentProvider) -> bool:
    """Say whether people can sign in through a provider in that environment."""
    return SignInPolicy.of(use.environment).provider(use.identity_provider_id) is not None


def leading_on(request: HttpRequest, template: str, url: str, context: Context) -> HttpResponse:
    """Render a page that goes on to the URL by itself.

    It is no redirect: after a form, `form-action` of the content security policy would stop that at the IdP's host.
    """
    response = render(request, template, context)
    response["Refresh"] = f"0; url={url}"
    return response


def posting(request: HttpRequest, template: str, url: str, context: Context) -> HttpResponse:
    """Render a page whose form may post to the URL. Our policy allows no script in pages, so a person presses it."""
    parts = urlsplit(url)

    @csp_replace({"form-action": [f"{parts.scheme}://{parts.netloc}"]})
    def page(request: HttpRequest) -> HttpResponse:
        return render(request, template, context)

    return cast(HttpResponse, page(request))


def has_begun(request: HttpRequest) -> bool:
    """Say whether this browser was sent to an IdP that began a sign-in, and has not been signed in since."""
    return bool(request.COOKIES.get(_cookie(_BEGUN)))


def note_begun(response: HttpResponse) -> None:
    """Let the browser remember that it was sent to an IdP that began a sign-in."""
    _set_cookie(response, _BEGUN, "1")


def forget_begun(response: HttpResponse) -> None:
    response.delete_cookie(_cookie(_BEGUN), samesite="Lax")


def _set_cookie(response: HttpResponse, name: str, value: str) -> None:
    """Set a cookie that lives as long as a request may be answered."""
    secure = settings.SESSION_COOKIE_SECURE
    response.set_cookie(_cookie(name), value, max_age=REQUEST_AGE, secure=secure, httponly=True, samesite="Lax")


def _cookie(name: str) -> str:
    return f"{'__Host-' if settings.SESSION_COOKIE_SECURE else ''}{name}"
