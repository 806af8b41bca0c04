"""Passwords by mail: ask for a link, and set the password with it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from authentication.actions.passwords import DEAD_LINK, request_password_reset, set_password_by_ticket
from authentication.decorators import at_environment
from authentication.forms.sign_in import EmailForm
from workspace.console.acting import refusals_in_form
from workspace.console.navigation import page_url
from workspace.forms import sent
from workspace.forms.passwords import NewPasswordForm
from workspace.models import Environment
from workspace.visits import Visit


@at_environment
def forgotten(request: HttpRequest, environment: Environment) -> HttpResponse:
    """Ask for a link. The answer is the same for every address."""
    form = EmailForm(sent(request))
    if form.is_valid():
        email = form.cleaned_data["email"]
        request_password_reset(environment=environment, email=email, visit=Visit.of(request), now=timezone.now())
        return render(request, "end_user/passwords/sent.html", {"environment": environment, "email": email})
    return render(request, "end_user/passwords/forgotten.html", {"environment": environment, "form": form})


@sensitive_post_parameters()
@at_environment
def set_by_link(request: HttpRequest, environment: Environment) -> HttpResponse:
    """Set the password. Only the POST uses the link up, because mail programs open links to check them."""
    token = request.POST.get("token", request.GET.get("token", ""))
    usable = environment.password_tickets.usable(timezone.now()).opened_by(token)
    ticket = usable.select_related("end_user").first()
    if ticket is None:
        return _page(request, environment, {"dead": _(DEAD_LINK)}, status=410)
    form = NewPasswordForm(sent(request), owner=ticket.end_user)
    if form.is_valid():
        with refusals_in_form(form):
            chosen, visit = form.cleaned_data["password"], Visit.of(request)
            set_password_by_ticket(
                environment=environment, token=token, password=chosen, visit=visit, now=timezone.now()
            )
            messages.success(request, _("Your password is set. Sign in with it."))
            return redirect(page_url("end_user:sign-in", environment))
    return _page(request, environment, {"form": form, "ticket": ticket, "token": token})


def _page(
    request: HttpRequest, environment: Environment, context: dict[str, object], status: int = 200
) -> HttpResponse:
    return render(request, "end_user/passwords/set.html", {"environment": environment, **context}, status=status)
