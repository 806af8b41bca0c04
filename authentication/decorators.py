"""How an end user's page gets its environment and session, and the cookie that holds a session."""

import logging
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _
from django.views.decorators.cache import never_cache

from authentication.actions.attempts import record_attempt
from authentication.models import EndUserSession
from authentication.models.sessions import GREATEST_AGE
from workspace.console.navigation import page_url
from workspace.models import Environment
from workspace.refusals import ActionError
from workspace.visits import Visit

logger = logging.getLogger(__name__)

# Every end user reads this. The refusal's own sentence is for administrators.
NOT_POSSIBLE = _(
    "This is not possible at the moment. Try again later; if it goes on, give your administrator the reference "
    "{reference}."
)
_NOT_USABLE = EndUserSession.EndReason.NOT_USABLE


def at_environment(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Call `view(request, environment, …)` for everybody; a place that does not exist, or was removed, is 404.

    A refusal that the view lets through is shown as a page with a reference.
    """

    @never_cache
    @wraps(view)
    def wrapper(request: HttpRequest, workspace: str, environment: str, **kwargs: Any) -> HttpResponse:
        environments = Environment.objects.open().select_related("workspace", "login_experience")
        found = get_object_or_404(environments, slug=environment, workspace__slug=workspace)
        try:
            return view(request, found, **kwargs)
        except ActionError as error:
            return _refused(request, found, error, kwargs.get("provider"))

    return wrapper


def end_user_required(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Call `view(request, session, …)` for who is signed in here. Others are sent to sign in, and then back."""

    @never_cache
    @wraps(view)
    def wrapper(request: HttpRequest, workspace: str, environment: str, **kwargs: Any) -> HttpResponse:
        now = timezone.now()
        session = current_session(request, workspace, environment, now)
        if session is None:
            return _to_sign_in(request, workspace, environment, now)
        session.touch(now)
        return view(request, session, **kwargs)

    return wrapper


def current_session(request: HttpRequest, workspace: str, environment: str, now: datetime) -> EndUserSession | None:
    """Return this browser's session at that place, if it counts. One query; nothing else says who is signed in."""
    token = request.COOKIES.get(cookie_name(workspace, environment))
    if not token:
        return None
    sessions = EndUserSession.objects.opened_by(token).usable(now)
    place = {"environment__slug": environment, "environment__workspace__slug": workspace}
    sessions = sessions.filter(environment__workspace__removed_at=None, **place)
    return sessions.select_related("end_user", "environment__workspace", "environment__login_experience").first()


def cookie_name(workspace: str, environment: str) -> str:
    """Return the name of an environment's cookie. A slug has no dot, so no two environments share one."""
    prefix = "__Host-" if settings.SESSION_COOKIE_SECURE else ""
    return f"{prefix}end-user.{workspace}.{environment}"


def keep_session(response: HttpResponse, environment: Environment, token: str) -> None:
    """Set the cookie with the token of a session. A __Host- cookie must have the path /."""
    response.set_cookie(
        cookie_name(environment.workspace.slug, environment.slug),
        token,
        max_age=GREATEST_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def forget_session(response: HttpResponse, environment: Environment) -> None:
    """Delete the cookie."""
    response.delete_cookie(cookie_name(environment.workspace.slug, environment.slug), samesite="Lax")


def _refused(request: HttpRequest, environment: Environment, error: ActionError, provider: UUID | None) -> HttpResponse:
    """Show a page with a reference, under which administrators find the reason."""
    providers = environment.workspace.identity_providers
    logger.warning("refused: %s", error.code)
    attempt = record_attempt(
        environment=environment,
        visit=Visit.of(request),
        now=timezone.now(),
        identity_provider=providers.filter(pk=provider).first() if provider else None,
        reason=error.code,
    )
    context = {
        "sentence": gettext(NOT_POSSIBLE).format(reference=attempt.pk),
        "reference": attempt.pk,
        "environment": environment,
        "again_url": page_url("end_user:sign-in", environment),
    }
    return render(request, "end_user/sign_in/refused.html", context, status=503)


def _to_sign_in(request: HttpRequest, workspace: str, environment: str, now: datetime) -> HttpResponse:
    """Redirect to the sign-in page. A session that no longer counts is ended, so that it never counts again."""
    if token := request.COOKIES.get(cookie_name(workspace, environment)):
        EndUserSession.objects.opened_by(token).end(_NOT_USABLE, now)
    url = reverse("end_user:sign-in", kwargs={"workspace": workspace, "environment": environment})
    return redirect(f"{url}?{urlencode({'next': request.path})}" if request.method == "GET" else url)
