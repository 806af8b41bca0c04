"""A forgotten password of the console: ask for a link, and set the password with it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from workspace.actions.account_passwords import DEAD_LINK, request_account_password, set_password_by_link
from workspace.console.acting import refusals_in_form
from workspace.forms import sent
from workspace.forms.account import ForgottenPasswordForm
from workspace.forms.passwords import NewPasswordForm
from workspace.models import AccountLink
from workspace.visits import Visit


@never_cache
def forgotten(request: HttpRequest) -> HttpResponse:
    """Ask for a link. The answer is the same for every address."""
    form = ForgottenPasswordForm(sent(request))
    if form.is_valid():
        email = form.cleaned_data["email"]
        request_account_password(email=email, visit=Visit.of(request), now=timezone.now())
        return render(request, "workspace/account/password_sent.html", {"email": email})
    return render(request, "workspace/account/password_forgotten.html", {"form": form})


@never_cache
@sensitive_post_parameters()
def set_by_link(request: HttpRequest) -> HttpResponse:
    """Set the password. Only the POST uses the link up, because mail programs open links to check them."""
    token = request.POST.get("token", request.GET.get("token", ""))
    usable = AccountLink.objects.usable(timezone.now()).opened_by(token).filter(kind=AccountLink.Kind.PASSWORD)
    link = usable.select_related("user").first()
    if link is None:
        return render(request, "workspace/account/password_new.html", {"dead": DEAD_LINK}, status=410)
    form = NewPasswordForm(sent(request), owner=link.user)
    if form.is_valid():
        with refusals_in_form(form):
            chosen = form.cleaned_data["password"]
            set_password_by_link(token=token, password=chosen, visit=Visit.of(request), now=timezone.now())
            messages.success(request, _("Your password is set, and you are signed out everywhere. Sign in with it."))
            return redirect("workspace:sign-in")
    return render(request, "workspace/account/password_new.html", {"form": form, "link": link, "token": token})
