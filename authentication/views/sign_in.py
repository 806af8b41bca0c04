"""An end user's sign-in: address first, then password or identity provider."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _
from django.views.decorators.debug import sensitive_post_parameters

from authentication.actions.sign_in import sign_in_with_password
from authentication.decorators import at_environment, current_session, keep_session
from authentication.forms.sign_in import EmailForm, PasswordSignInForm
from authentication.models import EndUserSession, IdentityProvider
from authentication.policy import SignInPolicy, Ways
from authentication.views.onwards import leading_on
from workspace.console.navigation import page_url
from workspace.console.responses import with_wait
from workspace.forms import sent
from workspace.models import Environment
from workspace.models.throttling import too_many_attempts
from workspace.visits import Visit

REFUSAL = _(
    "You could not be signed in. Check your email address and password, and try again. "
    "If it goes on, give your administrator the reference {reference}."
)


@at_environment
def sign_in(request: HttpRequest, environment: Environment) -> HttpResponse:
    """Ask for the address if the ways to sign in depend on it. A single way is taken at once."""
    if _session(request, environment):
        return redirect(target(request, environment))
    policy = SignInPolicy.of(environment)
    if not policy.providers:
        return _ways_page(request, environment, policy.ways(""), PasswordSignInForm(is_address_known=False))
    form = EmailForm(sent(request))
    if form.is_valid():
        return _second_step(request, environment, policy.ways(form.cleaned_data["email"]), form.cleaned_data)
    only = None if policy.asks_for_address or form.is_bound else policy.ways("").only_provider
    if only:
        return redirect(sso_url(environment, only.identity_provider, target(request, environment)))
    return _page(request, "end_user/sign_in/email.html", environment, {"form": form})


@at_environment
@sensitive_post_parameters("password")
def password(request: HttpRequest, environment: Environment) -> HttpResponse:
    """Sign in with address and password. While somebody may bypass SSO, the page opens for everybody."""
    policy, wait, reference = SignInPolicy.of(environment), timedelta(0), ""
    may_bypass = policy.is_password_enabled and environment.sso_bypasses.open(timezone.now()).exists()
    if request.method != "POST" and not may_bypass:
        return redirect(page_url("end_user:sign-in", environment))
    is_address_known = bool(policy.providers) and request.method == "POST"
    form = PasswordSignInForm(sent(request), is_address_known=is_address_known)
    if form.is_valid():
        attempt = {"visit": Visit.of(request), "now": timezone.now(), **form.cleaned_data}
        result = sign_in_with_password(environment=environment, **attempt)
        if result.token:
            response = redirect(target(request, environment))
            keep_session(response, environment, result.token)
            return response
        wait = result.wait
        reference = result.reference if wait else ""
        form.add_error(None, too_many_attempts(wait) if wait else gettext(REFUSAL).format(reference=result.reference))
    ways = policy.ways(form.cleaned_data.get("email", "") if form.is_bound else "")
    shown = replace(ways, has_password=ways.has_password or may_bypass)
    return _ways_page(request, environment, shown, form, wait, reference)


def sso_url(environment: Environment, provider: IdentityProvider, next_path: str, email: str = "") -> str:
    """Return the URL where sign-in through an identity provider starts. The provider is told the address, if any."""
    query = {"next": next_path} | ({"login_hint": email} if email else {})
    return f"{page_url('end_user:sso', environment, provider=provider.pk)}?{urlencode(query)}"


def target(request: HttpRequest, environment: Environment) -> str:
    """Return the requested page if it is one of the account's, else the account."""
    account = page_url("end_user:account", environment)
    wanted = request.POST.get("next", request.GET.get("next", ""))
    is_ours = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) and wanted.startswith(account)
    return wanted if is_ours else account


def _session(request: HttpRequest, environment: Environment) -> EndUserSession | None:
    return current_session(request, environment.workspace.slug, environment.slug, timezone.now())


def _second_step(
    request: HttpRequest, environment: Environment, ways: Ways, initial: dict[str, object]
) -> HttpResponse:
    """Show the ways of an address. A single provider is taken at once."""
    if ways.only_provider is None:
        return _ways_page(request, environment, ways, PasswordSignInForm(initial=initial, is_address_known=True))
    provider = ways.only_provider.identity_provider
    url = sso_url(environment, provider, target(request, environment), str(initial["email"]))
    context = {"environment": environment, "provider": provider, "url": url}
    return leading_on(request, "end_user/sign_in/onwards.html", url, context)


def _ways_page(
    request: HttpRequest,
    environment: Environment,
    ways: Ways,
    form: PasswordSignInForm,
    wait: timedelta = timedelta(0),
    reference: str = "",
) -> HttpResponse:
    providers = [each.identity_provider for each in ways.providers]
    next_path, email = target(request, environment), form["email"].value() or ""
    context = {
        "form": form,
        "ways": ways,
        "reference": reference,
        "providers": [{"name": each.name, "url": sso_url(environment, each, next_path, email)} for each in providers],
    }
    return with_wait(_page(request, "end_user/sign_in/ways.html", environment, context), wait)


def _page(
    request: HttpRequest, template: str, environment: Environment, context: dict[str, object] | None = None
) -> HttpResponse:
    shown = {"environment": environment, "next": target(request, environment), **(context or {})}
    return render(request, template, shown)
