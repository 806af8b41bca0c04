"""When a console session last proved by password whose it is, for changes that need it recently (security.md S15)."""

import time
from datetime import timedelta
from typing import cast
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from workspace.console.acting import page_before
from workspace.models import SignInThrottle, User
from workspace.models.throttling import too_many_attempts

# A page that changes something of weight opens, and a button without a page of its own works, only with such a proof.
RECENT = timedelta(minutes=15)
# What such a page sends is taken as long as its session lasts unused, so that nothing typed is ever lost.
OPENED_RECENTLY = RECENT + timedelta(seconds=settings.SESSION_COOKIE_AGE)

WRONG_PASSWORD = "This is not your password. Check it and try again."
AGAIN = "Nothing was changed. Confirm that it is you, then do it again."


def prove(request: HttpRequest) -> None:
    """Keep that the password was given right now."""
    request.session["proved_at"] = time.time()


def take_password(request: HttpRequest, form: Form) -> timedelta:
    """Take the form's password as proof, or say why not in the form; attempts count like those to sign in.

    Returns the time to wait when there were too many.
    """
    user, address = cast(User, request.user), request.META["REMOTE_ADDR"]
    if wait := SignInThrottle.objects.attempt(user.email, address, timezone.now()):
        form.add_error("password", too_many_attempts(wait))
        return wait
    if not user.check_password(form.cleaned_data["password"]):
        form.add_error("password", WRONG_PASSWORD)
        return wait
    SignInThrottle.objects.forget(user.email, address)
    request.session.cycle_key()
    prove(request)
    return wait


def is_proved(request: HttpRequest, within: timedelta = RECENT) -> bool:
    """Whether the password was given to this session within that time."""
    return time.time() - request.session.get("proved_at", 0) <= within.total_seconds()


def ask_for_proof(request: HttpRequest) -> HttpResponse:
    """On to the page that asks for the password, and from there back: to this page, or to the one with the button."""
    if request.method in ("GET", "HEAD"):
        target = request.get_full_path()
    else:
        messages.info(request, AGAIN)
        target = page_before(request)
    return redirect(f"{reverse('workspace:confirm-identity')}?{urlencode({'next': target})}")
