"""Sign-in and sign-out of administrators and operators."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from workspace.console.methods import post_only
from workspace.console.passkeys import asked_to_sign_in
from workspace.console.proof import is_proved, take_password
from workspace.console.responses import with_wait
from workspace.console.second_step import enter
from workspace.console.targets import target_of
from workspace.forms import sent
from workspace.forms.sign_in import PasswordForm, SignInForm
from workspace.models import SignInThrottle, User
from workspace.models.throttling import too_many_attempts
from workspace.visits import client_address

REFUSAL = gettext_lazy(
    "The email address or the password is not right, or the account is not active. Check both and try again."
)


@never_cache
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in with address and password, then redirect to the requested page."""
    target = target_of(request)
    # The operators' site sends other accounts back here: redirecting them there would never end.
    user = request.user
    may_open = user.is_authenticated and (user.is_staff or not target.startswith(reverse("admin:index")))
    if request.method != "POST" and may_open:
        return redirect(target)
    form = SignInForm(sent(request))
    wait = timedelta(0)
    if form.is_valid():
        account, wait = _try(request, form)
        if account:
            return enter(request, account, target, request.POST.get("kept", ""))
    context = {"form": form, "next": target, "kept": request.POST.get("kept", "")}
    context["passkey"] = asked_to_sign_in(request)
    return with_wait(render(request, "workspace/sign_in.html", context), wait)


@never_cache
@login_required
@sensitive_post_parameters("password")
def confirm_identity(request: HttpRequest) -> HttpResponse:
    """Ask for the password again, then redirect to the page that needs a recent proof."""
    target = target_of(request)
    if request.method != "POST" and is_proved(request):
        return redirect(target)
    form = PasswordForm(sent(request))
    wait = timedelta(0)
    if form.is_valid():
        wait = take_password(request, form)
        if not form.errors:
            return redirect(target)
    return with_wait(render(request, "workspace/confirm_identity.html", {"form": form, "next": target}), wait)


@post_only("workspace:home")
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    messages.success(request, _("You are signed out."))
    return redirect("workspace:sign-in")


def _try(request: HttpRequest, form: SignInForm) -> tuple[User | None, timedelta]:
    """Return the account with this password, or add an error to the form; and the time to wait after too many attempts.

    Sentence and duration are the same for accounts that do not exist.
    """
    email, address = form.cleaned_data["email"], client_address(request) or ""
    if wait := SignInThrottle.objects.attempt(email, address, timezone.now()):
        form.add_error(None, too_many_attempts(wait))
        return None, wait
    user = User.objects.with_password(email, form.cleaned_data["password"])
    if user is None:
        form.add_error(None, REFUSAL)
        return None, wait
    SignInThrottle.objects.forget(email, address)
    return user, wait
