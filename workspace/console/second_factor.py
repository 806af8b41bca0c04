"""The second factor that a page requires of the session."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from workspace.actions.second_factors import required_for
from workspace.console.kept import way_back
from workspace.models import User


def has_second_factor(request: HttpRequest) -> bool:
    """Say whether the session has proved a second factor."""
    return bool(request.session.get("has_second_factor"))


def ask_for_second_factor(request: HttpRequest, target: str = "") -> HttpResponse:
    """Redirect to the page that leads to a second factor, and from there back to the page of the request."""
    query = urlencode({"next": target or way_back(request)})
    return redirect(f"{reverse('workspace:account-second-factor')}?{query}")


def must_prove(request: HttpRequest, user: User) -> bool:
    """Say whether the session must prove the account's own second factor before it may add another one.

    Otherwise whoever knows only the password could add their own.
    """
    return not has_second_factor(request) and user.has_second_factor and bool(required_for(user))
