"""The SAML endpoints: start of a sign-in, ACS, finish, and our metadata. They are public."""

from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_safe
from djangosaml2.views import AssertionConsumerServiceView

from authentication.actions.saml_requests import BeganAtIdp, record_refusal, start_sign_in, store_response
from authentication.actions.saml_sign_in import finish_sign_in
from authentication.actions.service_provider import published_certificates
from authentication.decorators import at_environment, current_session, keep_session
from authentication.models import AuthnRequest, EnvironmentProvider, IdentityProvider
from authentication.policy import SignInPolicy
from authentication.reasons import Reason, Refused
from authentication.saml.errors import SamlReason
from authentication.saml.service_provider import sp_metadata
from authentication.views.onwards import (
    browser_nonce,
    forget_begun,
    has_begun,
    leading_on,
    note_begun,
    path_of,
    place_to_begin,
    to_idp,
)
from authentication.views.sign_in import sso_url, target
from workspace.addresses import MAX_EMAIL, is_address
from workspace.console.navigation import page_url
from workspace.models import Environment
from workspace.visits import Visit

# Shown after a refusal. Only who the IdP has signed in, and who has no access here, learns a little more.
NEUTRAL = _(
    "You could not be signed in. Begin again; if it goes on, give your administrator the reference {reference}."
)
NOT_PROVISIONED = _(
    "Your organisation signed you in, but you are not provisioned here yet. "
    "Ask your administrator for access, with the reference {reference}."
)


@require_GET
@at_environment
def start(request: HttpRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Send the browser to the IdP with a request that this browser alone can finish."""
    environment_provider = SignInPolicy.of(environment).provider(provider)
    if environment_provider is None:
        raise Http404
    environment_provider.environment, nonce = environment, browser_nonce(request)
    departure = start_sign_in(
        environment_provider=environment_provider,
        nonce=nonce,
        next_path=target(request, environment),
        login_hint=_login_hint(request),
        network=Visit.of(request).network,
        now=timezone.now(),
    )
    return to_idp(request, environment_provider, departure, nonce)


@method_decorator([csrf_exempt, never_cache], name="dispatch")
class AcsView(AssertionConsumerServiceView):
    """The ACS URL: keeps what is posted and redirects within our site. Nothing of djangosaml2's view reads the post.

    The post comes from the IdP's site, so the browser sends no cookie with it. It sends one with the redirect.
    """

    http_method_names = ["post"]

    def post(self, request: HttpRequest, provider: UUID) -> HttpResponse:
        raw, relay_state = request.POST.get("SAMLResponse", ""), request.POST.get("RelayState", "")
        try:
            answered = store_response(
                provider=provider, raw=raw, relay_state=relay_state, visit=Visit.of(request), now=timezone.now()
            )
        except Refused as refusal:
            return _refused(request, refusal, provider, relay_state)
        except BeganAtIdp:
            return _see_other(f"{reverse('saml:begin', kwargs={'provider': provider})}?{_relayed(relay_state)}")
        return _see_other(_finish_path(provider, answered))


@require_GET
@never_cache
def begin(request: HttpRequest, provider: UUID) -> HttpResponse:
    """Begin here, by itself, a sign-in that the IdP began: once, in a browser that keeps cookies (security.md S6).

    Otherwise an IdP that answers no request would send the browser round and round.
    """
    relay_state, is_noted = request.GET.get("RelayState", ""), "noted" in request.GET
    use = place_to_begin(provider, relay_state)
    is_allowed = use is not None and use.identity_provider.allows_idp_initiated
    if use is None or not is_allowed or is_noted != has_begun(request):
        refusal = Refused(Reason.BEGAN_AT_IDP_AGAIN if is_allowed else SamlReason.UNSOLICITED)
        record_refusal(refusal, provider=provider, request=None, visit=Visit.of(request), now=timezone.now())
        return _refused(request, refusal, provider, relay_state)
    if is_noted:
        return redirect(sso_url(use.environment, use.identity_provider, path_of(relay_state)))
    # No redirect: the policy of the IdP's page may forbid its form to lead to another host.
    onwards = f"{request.path}?{_relayed(relay_state)}&noted"
    context = {"environment": use.environment, "provider": use.identity_provider, "url": onwards}
    response = leading_on(request, "end_user/sign_in/onwards.html", onwards, context)
    note_begun(response)
    return response


@require_GET
@never_cache
def finish(request: HttpRequest, provider: UUID, answered: str) -> HttpResponse:
    """Sign in by the stored response to a request, in the browser that started.

    Back and reload come here again. While the session lives they lead on, as the first time.
    """
    asked, now = AuthnRequest.objects.asked(provider, answered), timezone.now()
    is_over = asked is None or not asked.is_open(now)
    if is_over and (there := _where_signed_in(request, provider, asked)):
        return redirect(there)
    try:
        arrival = finish_sign_in(
            provider=provider, request=asked, nonce=browser_nonce(request), visit=Visit.of(request), now=now
        )
    except Refused as refusal:
        return _refused(request, refusal, provider)
    response = redirect(arrival.next_path or page_url("end_user:account", arrival.environment))
    keep_session(response, arrival.environment, arrival.token)
    if has_begun(request):
        forget_begun(response)
    return response


@require_safe
@cache_control(public=True, max_age=300)
def metadata(request: HttpRequest, provider: UUID) -> HttpResponse:
    """Serve our side of one provider for its IdP to import. The file's name tells nothing of the workspace."""
    found = get_object_or_404(IdentityProvider.objects.select_related("workspace"), pk=provider)
    certificates = published_certificates(found.workspace)
    xml = sp_metadata(
        entity_id=found.sp_entity_id,
        acs_url=found.acs_url,
        slo_url=found.sp_slo_url,
        signing_certificates=certificates,
        encryption_certificates=certificates,
        signs_requests=found.must_sign_requests,
    )
    response = HttpResponse(xml, content_type="application/samlmetadata+xml")
    if "download" in request.GET:
        response["Content-Disposition"] = 'attachment; filename="sp-metadata.xml"'
    return response


def _login_hint(request: HttpRequest) -> str:
    """Return the address that was typed on the page before, if it is one."""
    typed = request.GET.get("login_hint", "")
    return typed if len(typed) <= MAX_EMAIL and is_address(typed) else ""


def _see_other(path: str) -> HttpResponse:
    return HttpResponse(status=303, headers={"Location": f"{settings.ORIGIN}{path}"})


def _relayed(relay_state: str) -> str:
    """Return the part of a query that carries a RelayState, as far as it is a path of ours."""
    return urlencode({"RelayState": path_of(relay_state)})


def _finish_path(provider: UUID, answered: AuthnRequest) -> str:
    """Return where our site goes on: to the finish of a sign-in, or to the report of a test."""
    which = {"provider": provider, "answered": answered.pk}
    if answered.tester_id:
        return page_url("authentication:provider-test-result", answered.environment_provider.environment, **which)
    return reverse("saml:acs-finish", kwargs=which)


def _where_signed_in(request: HttpRequest, provider: UUID, asked: AuthnRequest | None) -> str:
    """Return the page that a request which is over led to, or else the account, if this browser is signed in there."""
    uses = [asked.environment_provider] if asked else EnvironmentProvider.objects.of_provider(provider)
    for use in uses:
        if current_session(request, use.environment.workspace.slug, use.environment.slug, timezone.now()):
            return asked.next_path if asked and asked.next_path else page_url("end_user:account", use.environment)
    return ""


def _refused(request: HttpRequest, refusal: Refused, provider: UUID, relay_state: str = "") -> HttpResponse:
    """Show a neutral page that leads on: to the sign-in page, or to the provider where no environment is known."""
    is_unprovisioned = refusal.reason in {Reason.NOT_PROVISIONED, Reason.NO_ACCESS}
    sentence = NOT_PROVISIONED if is_unprovisioned else NEUTRAL
    environment = refusal.environment
    again_url = page_url("end_user:sign-in", environment) if environment else ""
    if environment is None and (use := place_to_begin(provider, relay_state)):
        environment = use.environment
        again_url = sso_url(environment, use.identity_provider, path_of(relay_state))
    reference = refusal.reference or Visit.of(request).request_id
    context = {
        "sentence": gettext(sentence).format(reference=reference),
        "environment": environment,
        "again_url": again_url,
    }
    return render(request, "end_user/sign_in/refused.html", context, status=403)
