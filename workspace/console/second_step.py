"""The way from a right password into the console: at once, or by a second factor."""

import time
from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.crypto import constant_time_compare

from workspace.console.kept import keep_after_sign_in
from workspace.console.proof import begin_session
from workspace.models import AuthenticatorApp, User

# How long a right password waits for the code.
LIFETIME = timedelta(minutes=10)
_WAITING = "waiting_for_second_step"


def enter(request: HttpRequest, user: User, target: str, kept: str = "") -> HttpResponse:
    """Sign in an account whose password was right, or ask for its second factor first.

    `target` is the page that was asked for, `kept` what the sign-in page held of a form.
    """
    if not AuthenticatorApp.objects.filter(user=user).exists():
        begin_session(request, user)
        return go_on(request, target, kept)
    request.session[_WAITING] = {
        "account": str(user.pk),
        "hash": user.get_session_auth_hash(),
        "since": time.time(),
        "next": target,
        "kept": kept,
    }
    request.session.cycle_key()
    return redirect("workspace:second-step")


def waiting_account(request: HttpRequest) -> User | None:
    """Return the account whose password was right here. A new password, or signing out everywhere, ends that."""
    waiting = request.session.get(_WAITING)
    if waiting is None or time.time() - waiting["since"] > LIFETIME.total_seconds():
        return None
    user = User.objects.filter(pk=waiting["account"], is_active=True).first()
    return user if user and constant_time_compare(waiting["hash"], user.get_session_auth_hash()) else None


def finish(request: HttpRequest, user: User) -> HttpResponse:
    """Sign in the account whose second factor was right, too, and go on to the page that was asked for."""
    waiting = request.session.pop(_WAITING)
    begin_session(request, user, has_second_factor=True)
    return go_on(request, waiting["next"], waiting["kept"])


def go_on(request: HttpRequest, target: str, kept: str) -> HttpResponse:
    """Redirect to the page that was asked for, which finds its form filled."""
    keep_after_sign_in(request, kept)
    return redirect(target)
