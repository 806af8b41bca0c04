"""Who may bypass SSO: the list of an environment, and adding and ending a permission."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from authentication.actions.bypasses import add_bypass, end_bypass
from authentication.forms.bypasses import BypassForm
from authentication.policy import SignInPolicy
from workspace.console.acting import refusals_in_form
from workspace.console.decorators import ConsoleRequest, console
from workspace.console.navigation import page_url
from workspace.console.permissions import Permission
from workspace.console.proof import OPENED_RECENTLY
from workspace.forms import SearchForm, sent
from workspace.isolation import isolated
from workspace.models import Environment

MOST_FOUND = 20


@console
def index(request: ConsoleRequest, environment: Environment) -> HttpResponse:
    """Show who may bypass SSO in the environment, and the address where they sign in."""
    policy, now = SignInPolicy.of(environment), timezone.now()
    rows = [
        {
            "bypass": each,
            "is_open": each.expires_at > now,
            "person_url": page_url("authentication:end-user", environment, end_user=each.end_user_id),
            "end_url": page_url("authentication:sso-bypass-end", environment, bypass=each.pk),
        }
        for each in environment.sso_bypasses.select_related("end_user")
    ]
    context = {
        "rows": rows,
        "is_password_enabled": policy.is_password_enabled,
        "is_enforced": any(each.enforcement != each.Enforcement.NO_ONE for each in policy.providers),
        "sign_in_url": f"{settings.ORIGIN}{page_url('end_user:password', environment)}",
        "access_url": page_url("workspace:access-control", environment),
    }
    return render(request, "authentication/bypasses/index.html", context)


@console(needs=Permission.MANAGE_SIGN_IN)
def choose(request: ConsoleRequest, environment: Environment) -> HttpResponse:
    """Search for the person."""
    search = SearchForm(request.GET)
    people, text = environment.workspace.end_users.with_access_to(environment), search.text()
    found = people.matching(text) if text else people.order_by("name_key", "id")
    context = {
        "search": search,
        "is_search": bool(text),
        "has_more": len(found[: MOST_FOUND + 1]) > MOST_FOUND,
        "rows": [
            {"end_user": each, "url": page_url("authentication:sso-bypass-add", environment, end_user=each.pk)}
            for each in found[:MOST_FOUND]
        ],
        "list_url": _list_url(environment),
    }
    return render(request, "authentication/bypasses/choose.html", context)


@console(needs=Permission.MANAGE_SIGN_IN, recent=OPENED_RECENTLY)
def add(request: ConsoleRequest, environment: Environment, end_user: UUID) -> HttpResponse:
    """Ask for a reason and the last day."""
    person, now = get_object_or_404(environment.workspace.end_users, pk=end_user), timezone.now()
    form = BypassForm(sent(request), today=now.date())
    if form.is_valid():
        with refusals_in_form(form):
            add_bypass(environment=environment, end_user=person, by=request.actor, now=now, **form.cleaned_data)
            messages.success(
                request,
                _("%(person)s may bypass SSO in %(environment)s. Give them the address below.")
                % {"person": isolated(person.full_name), "environment": environment},
            )
            return redirect(_list_url(environment))
    context = {
        "form": form,
        "end_user": person,
        "choose_url": page_url("authentication:sso-bypass-choose", environment),
        "list_url": _list_url(environment),
    }
    return render(request, "authentication/bypasses/add.html", context)


@console(needs=Permission.MANAGE_SIGN_IN, recent=OPENED_RECENTLY)
def end(request: ConsoleRequest, environment: Environment, bypass: UUID) -> HttpResponse:
    """Confirm, then end a permission and the sessions that it opened."""
    if request.method == "POST":
        end_bypass(environment=environment, bypass=bypass, by=request.actor, now=timezone.now())
        messages.warning(request, _("The permission has ended, and so have the sessions that it opened."))
        return redirect(_list_url(environment))
    found = get_object_or_404(environment.sso_bypasses.select_related("end_user"), pk=bypass)
    context = {
        "effect": _("%(person)s can no longer use a password where SAML is enforced.")
        % {"person": isolated(found.end_user.full_name)},
        "notes": [
            _("Sessions in %(environment)s that the password opened end at once.") % {"environment": environment}
        ],
        "submit": _("End permission"),
        "list_url": _list_url(environment),
    }
    return render(request, "authentication/bypasses/end.html", context)


def _list_url(environment: Environment) -> str:
    return page_url("authentication:sso-bypasses", environment)
