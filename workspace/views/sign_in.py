"""The console's front door, for administrators and operators."""

import time
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from workspace.console.proof import is_proved, prove, take_password
from workspace.console.responses import with_wait
from workspace.forms import sent
from workspace.forms.sign_in import PasswordForm, SignInForm
from workspace.models import SignInThrottle
from workspace.models.throttling import too_many_attempts

REFUSAL = "The email address or the password is not right, or the account is not active. Check both and try again."


@never_cache
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    """Email and password, then on to the page that was asked for."""
    target = _target(request)
    if request.method != "POST" and _may_open(request, target):
        return redirect(target)
    form = SignInForm(sent(request))
    wait = timedelta(0)
    if form.is_valid():
        wait = _try(request, form)
        if not form.errors:
            return redirect(target)
    return _page(request, "workspace/sign_in.html", {"form": form, "next": target}, wait)


@never_cache
@login_required
@sensitive_post_parameters("password")
def confirm_identity(request: HttpRequest) -> HttpResponse:
    """The password once more, then back to the page that needs it to have been given recently."""
    target = _target(request)
    if request.method != "POST" and is_proved(request):
        return redirect(target)
    form = PasswordForm(sent(request))
    wait = timedelta(0)
    if form.is_valid():
        wait = take_password(request, form)
        if not form.errors:
            return redirect(target)
    return _page(request, "workspace/confirm_identity.html", {"form": form, "next": target}, wait)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    messages.success(request, "You are signed out.")
    return redirect("workspace:sign-in")


def _page(request: HttpRequest, template: str, context: dict[str, Any], wait: timedelta) -> HttpResponse:
    """A page that asks for a password; after too many attempts it says when to come again."""
    return with_wait(render(request, template, context), wait)


def _try(request: HttpRequest, form: SignInForm) -> timedelta:
    """Sign in, or say why not in the form; returns the time to wait when there were too many attempts.

    The sentence and the time are the same for accounts that do not exist: `authenticate` hashes for them too.
    """
    email, address = form.cleaned_data["email"], request.META["REMOTE_ADDR"]
    if wait := SignInThrottle.objects.attempt(email, address, timezone.now()):
        form.add_error(None, too_many_attempts(wait))
        return wait
    user = authenticate(request, username=email, password=form.cleaned_data["password"])
    if user is None:
        form.add_error(None, REFUSAL)
        return wait
    SignInThrottle.objects.forget(email, address)
    login(request, user)
    request.session["signed_in_at"] = time.time()
    prove(request)
    return wait


def _target(request: HttpRequest) -> str:
    """The page that was asked for, if it is one of ours."""
    target = request.POST.get("next", request.GET.get("next", ""))
    is_ours = url_has_allowed_host_and_scheme(target, allowed_hosts=None)
    return target if is_ours else resolve_url(settings.LOGIN_REDIRECT_URL)


def _may_open(request: HttpRequest, target: str) -> bool:
    """Whether who is signed in already can go on; the operators' site would send others back here for ever."""
    user = request.user
    return user.is_authenticated and (user.is_staff or not target.startswith(reverse("admin:index")))
