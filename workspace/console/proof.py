"""Recent proof of identity by password, which important changes need (security.md S15)."""

import time
from datetime import timedelta
from typing import cast
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, update_session_auth_hash
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from workspace.console.kept import way_back
from workspace.console.sessions import end_sooner
from workspace.models import SignInThrottle, User
from workspace.models.throttling import too_many_attempts
from workspace.visits import Visit, client_address

# A proof this recent opens a page for important changes, and lets its buttons work.
RECENT = timedelta(minutes=15)
# A form of such a page is accepted as long as an idle session lasts, so nothing typed is lost.
OPENED_RECENTLY = RECENT + timedelta(seconds=settings.SESSION_COOKIE_AGE)

WRONG_PASSWORD = _("This is not your password. Check it and try again.")
AGAIN = _("Nothing was changed. Confirm that it is you, then do it again.")


def begin_session(request: HttpRequest, user: User, *, has_second_factor: bool = False) -> None:
    """Sign an account in that gave its password now, or both factors where `has_second_factor` says so."""
    login(request, user)
    request.session["signed_in_at"] = time.time()
    request.session["has_second_factor"] = has_second_factor
    request.session["visit"] = Visit.of(request).fields()
    if user.is_staff:
        end_sooner(request)
    prove(request)


def prove(request: HttpRequest) -> None:
    """Note that the password was given now."""
    request.session["proved_at"] = time.time()


def take_password(request: HttpRequest, form: Form) -> timedelta:
    """Accept the form's password as proof, or add an error to the form. Attempts count like those to sign in.

    Returns the time to wait after too many attempts.
    """
    user, address = cast(User, request.user), client_address(request) or ""
    if wait := SignInThrottle.objects.attempt(user.email, address, timezone.now()):
        form.add_error("password", too_many_attempts(wait))
        return wait
    if not user.check_password(form.cleaned_data["password"]):
        form.add_error("password", WRONG_PASSWORD)
        return wait
    SignInThrottle.objects.forget(user.email, address)
    # An outdated hash may have been replaced, and the session belongs to the hash.
    update_session_auth_hash(request, user)
    prove(request)
    return wait


def is_proved(request: HttpRequest, within: timedelta = RECENT) -> bool:
    """Say whether the password was given in this session within that time."""
    return time.time() - request.session.get("proved_at", 0) <= within.total_seconds()


def ask_for_proof(request: HttpRequest) -> HttpResponse:
    """Redirect to the page that asks for the password. From there the way leads back to the page of the request."""
    target = way_back(request)
    if request.method not in ("GET", "HEAD"):
        messages.info(request, AGAIN)
    return redirect(f"{reverse('workspace:confirm-identity')}?{urlencode({'next': target})}")
