"""How a browser goes on to an identity provider: by a redirect, or by a page with a link or a button."""

from typing import cast
from urllib.parse import urlsplit

from csp.decorators import csp_replace
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from authentication.actions.saml_requests import REQUEST_AGE, Departure
from authentication.models import EnvironmentProvider
from workspace.tokens import new_token

Context = dict[str, object]


def browser_nonce(request: HttpRequest) -> str:
    """Return what binds SAML requests to this browser, one for all its tabs; a new one if it has none."""
    return request.COOKIES.get(_nonce_cookie()) or new_token()


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
    response.set_cookie(
        _nonce_cookie(),
        nonce,
        max_age=REQUEST_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


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


def _nonce_cookie() -> str:
    return f"{'__Host-' if settings.SESSION_COOKIE_SECURE else ''}sso-nonce"
