"""Sign-out: here at once, then at the identity provider if it knows single logout."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from authentication.actions.sessions import EndReason, as_actor, end_session
from authentication.actions.single_logout import receive_logout_message, start_logout_at_provider
from authentication.decorators import at_environment, current_session, forget_session
from authentication.models import EndUserSession, IdentityProvider
from authentication.reasons import Refused
from authentication.saml.bindings import Arrived, read_form, read_query
from authentication.saml.logout import Sent
from authentication.views.onwards import leading_on, place_to_begin, posting
from workspace.console.methods import post_only
from workspace.console.navigation import page_url
from workspace.models import Environment
from workspace.visits import Visit

_SIGNING_OUT = "end_user/sign_in/signing_out.html"
# The same sentence whatever was wrong and whoever sent it.
NEUTRAL = _(
    "The sign-out that your identity provider sent could not be accepted. To be sure, sign out here and there "
    "yourself; if it goes on, give your administrator the reference {reference}."
)


@post_only("end_user:sign-in")
@at_environment
def sign_out(request: HttpRequest, environment: Environment) -> HttpResponse:
    """End this browser's session, then the one at the identity provider."""
    now = timezone.now()
    session = current_session(request, environment.workspace.slug, environment.slug, now)
    if session is None:
        return _ended(redirect(page_url("end_user:signed-out", environment)), environment)
    end_session(session=session, reason=EndReason.SIGNED_OUT, by=as_actor(session.end_user, Visit.of(request)), now=now)
    return leave(request, session)


@at_environment
def signed_out(request: HttpRequest, environment: Environment) -> HttpResponse:
    """Show that the sign-out is done. The sign-in page might lead straight back in."""
    return render(request, "end_user/sign_in/signed_out.html", {"environment": environment})


def leave(request: HttpRequest, session: EndUserSession) -> HttpResponse:
    """Go on from a session that has just ended: to its identity provider, or to the page that says so."""
    sent = start_logout_at_provider(session=session, now=timezone.now())
    if sent is None or session.identity_provider is None:
        return _ended(redirect(page_url("end_user:signed-out", session.environment)), session.environment)
    response = _onwards(request, session.identity_provider, sent, session.environment)
    return _ended(response, session.environment)


@method_decorator([csrf_exempt, never_cache], name="dispatch")
class SloView(View):
    """The Single logout URL, where IdPs send requests and answers. Each has to be signed, so cookies do not matter."""

    http_method_names = ["get", "post"]

    def get(self, request: HttpRequest, provider: UUID) -> HttpResponse:
        return _received(request, provider, partial(read_query, request.META.get("QUERY_STRING", "")))

    def post(self, request: HttpRequest, provider: UUID) -> HttpResponse:
        return _received(request, provider, partial(read_form, request.POST.dict()))


def _received(request: HttpRequest, provider: UUID, read: Callable[[], Arrived]) -> HttpResponse:
    try:
        found, outcome = receive_logout_message(
            provider=provider, read=read, visit=Visit.of(request), now=timezone.now()
        )
    except Refused as refusal:
        reference = refusal.reference or Visit.of(request).request_id
        use = place_to_begin(provider, "")
        environment = use.environment if use else None
        context = {
            "sentence": gettext(NEUTRAL).format(reference=reference),
            "environment": environment,
        }
        return render(request, "end_user/sign_in/sign_out_refused.html", context, status=403)
    if isinstance(outcome, Environment):
        return redirect(page_url("end_user:signed-out", outcome))
    return _onwards(request, found, outcome) if outcome.fields else redirect(outcome.url)


def _onwards(
    request: HttpRequest, provider: IdentityProvider, sent: Sent, environment: Environment | None = None
) -> HttpResponse:
    """Show a page that leads to the IdP. An IdP that wants a POST needs a press of its button."""
    context: dict[str, object] = {"environment": environment, "provider": provider, "departure": sent}
    lead = posting if sent.fields else leading_on
    return lead(request, _SIGNING_OUT, sent.url, context)


def _ended(response: HttpResponse, environment: Environment) -> HttpResponse:
    forget_session(response, environment)
    return response
