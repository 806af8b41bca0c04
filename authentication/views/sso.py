"""The way through an identity provider: there, back by its cross-site post, and the same-site end of it."""

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from csp.decorators import csp_update
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from djangosaml2.views import AssertionConsumerServiceView

from authentication.actions.jit import Refused
from authentication.actions.saml_sign_in import REQUEST_AGE, begin, finish, store_response
from authentication.decorators import at_environment, keep_session
from authentication.models import EnvironmentProvider, IdentityProvider, Visit
from authentication.policy import SignInPolicy
from authentication.reasons import Reason
from authentication.saml.gate import MAX_BASE64
from authentication.views.sign_in import target
from workspace.models import Environment
from workspace.navigation import page_url

# What somebody is told whose sign-in was refused; only who proved to be known to the IdP learns a little more.
NEUTRAL = "You could not be signed in. Begin again; if it goes on, give your administrator the reference below."
NOT_PROVISIONED = (
    "Your organisation signed you in, but you are not provisioned here yet. "
    "Ask your administrator for access, with the reference below."
)


@require_safe
@at_environment
def start(request: HttpRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """To the IdP, with a request that this browser alone can finish."""
    use = _usable(environment, provider)
    departure = begin(
        use=use,
        next_path=target(request, environment),
        nonce=request.COOKIES.get(nonce_cookie(), ""),
        now=timezone.now(),
    )
    response = _posting(request, use, departure.url, departure.fields) if departure.fields else redirect(departure.url)
    response.set_cookie(
        nonce_cookie(),
        departure.nonce,
        max_age=REQUEST_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


@method_decorator([csrf_exempt, never_cache], name="dispatch")
class AcsView(AssertionConsumerServiceView):
    """The ACS URL. Of djangosaml2's view only the place is left: it reads nothing, and keeps what is posted.

    The post comes from the IdP's site, so the browser sends no cookie with it; a redirect within our own site does.
    """

    http_method_names = ["post"]

    def post(self, request: HttpRequest, provider: UUID) -> HttpResponse:
        found = _provider(provider)
        raw = request.POST.get("SAMLResponse", "")[: MAX_BASE64 + 1]
        try:
            stored = store_response(provider=found, raw=raw, visit=Visit.of(request), now=timezone.now())
        except Refused as refusal:
            return _refused(request, refusal)
        return HttpResponse(status=303, headers={"Location": f"{found.acs_url}/{stored}"})


@require_safe
@never_cache
def end(request: HttpRequest, provider: UUID, stored: UUID) -> HttpResponse:
    """Sign in by the stored response, in the browser that began."""
    try:
        arrival = finish(
            provider=_provider(provider),
            stored=stored,
            nonce=request.COOKIES.get(nonce_cookie(), ""),
            visit=Visit.of(request),
            now=timezone.now(),
        )
    except Refused as refusal:
        return _refused(request, refusal)
    response = redirect(arrival.next_path)
    keep_session(response, arrival.environment, arrival.token)
    return response


def nonce_cookie() -> str:
    """The cookie that binds requests to a browser."""
    return f"{'__Host-' if settings.SESSION_COOKIE_SECURE else ''}sso-nonce"


def _usable(environment: Environment, provider: UUID) -> EnvironmentProvider:
    for use in SignInPolicy.of(environment).uses:
        if use.identity_provider_id == provider:
            use.environment = environment
            return use
    raise Http404


def _provider(provider: UUID) -> IdentityProvider:
    return get_object_or_404(IdentityProvider, pk=provider)


def _posting(request: HttpRequest, use: EnvironmentProvider, url: str, fields: dict[str, str]) -> HttpResponse:
    """A page with a button for an IdP that wants a POST: our policy allows no script in pages, so it is pressed."""
    parts = urlsplit(url)
    context = {"environment": use.environment, "provider": use.identity_provider, "url": url, "fields": fields}

    allowing: Any = csp_update({"form-action": [f"{parts.scheme}://{parts.netloc}"]})
    response: HttpResponse = allowing(render)(request, "end_user/sign_in/post.html", context)
    return response


def _refused(request: HttpRequest, refusal: Refused) -> HttpResponse:
    is_unprovisioned = refusal.reason in {Reason.NOT_PROVISIONED, Reason.NO_ACCESS}
    environment = refusal.use.environment if refusal.use else None
    context: dict[str, Any] = {
        "sentence": NOT_PROVISIONED if is_unprovisioned else NEUTRAL,
        "environment": environment,
        "again_url": page_url("end_user:sign-in", environment) if environment else "",
    }
    return render(request, "end_user/sign_in/refused.html", context, status=403)
