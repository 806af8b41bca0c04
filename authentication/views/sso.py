"""The way through an identity provider: there, back by its cross-site post, and the same-site end of it."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET
from djangosaml2.views import AssertionConsumerServiceView

from authentication.actions.saml_requests import REQUEST_AGE, Departure, begin, store_response
from authentication.actions.saml_sign_in import finish
from authentication.decorators import at_environment, keep_session
from authentication.models import AuthnRequest, EnvironmentProvider
from authentication.policy import SignInPolicy
from authentication.reasons import Reason, Refused
from authentication.views.onwards import posting
from authentication.views.sign_in import target
from workspace.console.navigation import page_url
from workspace.models import Environment
from workspace.tokens import new_token
from workspace.visits import Visit

# What somebody is told whose sign-in was refused; only who proved to be known to the IdP learns a little more.
NEUTRAL = "You could not be signed in. Begin again; if it goes on, give your administrator the reference {reference}."
NOT_PROVISIONED = (
    "Your organisation signed you in, but you are not provisioned here yet. "
    "Ask your administrator for access, with the reference {reference}."
)


@require_GET
@at_environment
def start(request: HttpRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """To the IdP, with a request that this browser alone can finish."""
    environment_provider, nonce = _usable(environment, provider), browser_nonce(request)
    departure = begin(
        environment_provider=environment_provider,
        nonce=nonce,
        next_path=target(request, environment),
        now=timezone.now(),
    )
    return to_idp(request, environment_provider, departure, nonce)


@method_decorator([csrf_exempt, never_cache], name="dispatch")
class AcsView(AssertionConsumerServiceView):
    """The ACS URL. Of djangosaml2's view only the place is left: it reads nothing, and keeps what is posted.

    The post comes from the IdP's site, so the browser sends no cookie with it; a redirect within our own site does.
    """

    http_method_names = ["post"]

    def post(self, request: HttpRequest, provider: UUID) -> HttpResponse:
        form = request.POST
        raw, relay_state = form.get("SAMLResponse", ""), form.get("RelayState", "")
        seen: dict[str, Any] = {"visit": Visit.of(request), "now": timezone.now()}
        try:
            answered = store_response(provider=provider, raw=raw, relay_state=relay_state, **seen)
        except Refused as refusal:
            return _refused(request, refusal)
        return HttpResponse(status=303, headers={"Location": f"{settings.ORIGIN}{_end_path(provider, answered)}"})


@require_GET
@never_cache
def end(request: HttpRequest, provider: UUID, answered: str) -> HttpResponse:
    """Sign in by the response to a request, in the browser that began."""
    seen: dict[str, Any] = {"visit": Visit.of(request), "now": timezone.now()}
    try:
        arrival = finish(provider=provider, request_id=answered, nonce=browser_nonce(request), **seen)
    except Refused as refusal:
        return _refused(request, refusal)
    response = redirect(arrival.next_path or page_url("end_user:account", arrival.environment))
    keep_session(response, arrival.environment, arrival.token)
    return response


def browser_nonce(request: HttpRequest) -> str:
    """What binds requests to this browser, one for all its tabs; a new one if it has none."""
    return request.COOKIES.get(_nonce_cookie()) or new_token()


def to_idp(
    request: HttpRequest, environment_provider: EnvironmentProvider, departure: Departure, nonce: str
) -> HttpResponse:
    """Send the browser to the IdP, with the nonce in a cookie."""
    response = _posting(request, environment_provider, departure) if departure.fields else redirect(departure.url)
    response.set_cookie(
        _nonce_cookie(),
        nonce,
        max_age=REQUEST_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def _end_path(provider: UUID, answered: AuthnRequest) -> str:
    """Where the flow goes on within our site: to the end of a sign-in, or to the report of a test."""
    which = {"provider": provider, "answered": answered.pk}
    if answered.tester_id:
        return page_url("authentication:provider-test-result", answered.environment_provider.environment, **which)
    return reverse("saml:acs-end", kwargs=which)


def _nonce_cookie() -> str:
    return f"{'__Host-' if settings.SESSION_COOKIE_SECURE else ''}sso-nonce"


def _usable(environment: Environment, provider: UUID) -> EnvironmentProvider:
    for environment_provider in SignInPolicy.of(environment).providers:
        if environment_provider.identity_provider_id == provider:
            environment_provider.environment = environment
            return environment_provider
    raise Http404


def _posting(request: HttpRequest, environment_provider: EnvironmentProvider, departure: Departure) -> HttpResponse:
    """A page with a button for an IdP that wants a POST."""
    context = {
        "environment": environment_provider.environment,
        "provider": environment_provider.identity_provider,
        "departure": departure,
    }
    return posting(request, "end_user/sign_in/post.html", departure.url, context)


def _refused(request: HttpRequest, refusal: Refused) -> HttpResponse:
    is_unprovisioned = refusal.reason in {Reason.NOT_PROVISIONED, Reason.NO_ACCESS}
    sentence = NOT_PROVISIONED if is_unprovisioned else NEUTRAL
    context: dict[str, Any] = {
        "sentence": sentence.format(reference=Visit.of(request).request_id),
        "environment": refusal.environment,
        "again_url": page_url("end_user:sign-in", refusal.environment) if refusal.environment else "",
    }
    return render(request, "end_user/sign_in/refused.html", context, status=403)
