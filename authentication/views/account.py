"""The account page of an end user: profile, groups, sessions and password."""

from uuid import UUID

from django.contrib import messages
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from authentication.actions.passwords import change_password
from authentication.actions.sessions import EndReason, as_actor, end_session, end_sessions
from authentication.actions.sign_in import why_no_password
from authentication.decorators import end_user_required
from authentication.models import EndUserSession
from authentication.models.sessions import EndUserSessionQuerySet
from authentication.policy import SignInPolicy
from authentication.views.logout import leave
from workspace.console.acting import refusals_in_form
from workspace.console.methods import post_only
from workspace.console.navigation import page_url
from workspace.forms import sent
from workspace.forms.passwords import ChangePasswordForm
from workspace.models import EndUserGroup
from workspace.visits import Visit


@end_user_required
def account(request: HttpRequest, session: EndUserSession) -> HttpResponse:
    """Show name, address, environment, groups and sessions."""
    end_user, environment = session.end_user, session.environment
    ways = SignInPolicy.of(environment).own_ways(end_user, environment, timezone.now())
    context = {
        "environment": environment,
        "end_user": end_user,
        "session": session,
        "groups": _groups(session),
        "sessions": _sessions(session).select_related("identity_provider"),
        "has_password": why_no_password(end_user, ways) is None,
    }
    return render(request, "end_user/account/index.html", context)


@post_only("end_user:account")
@end_user_required
def end_one(request: HttpRequest, session: EndUserSession, other: UUID) -> HttpResponse:
    """Sign out in one browser."""
    ended = get_object_or_404(_sessions(session).select_related("end_user", "environment"), pk=other)
    by = as_actor(session.end_user, Visit.of(request))
    end_session(session=ended, reason=EndReason.SIGNED_OUT, by=by, now=timezone.now())
    if ended == session:
        return leave(request, session)
    messages.success(request, _("%(browser)s is signed out.") % {"browser": ended.browser})
    return redirect(page_url("end_user:account", session.environment))


@post_only("end_user:account")
@end_user_required
def end_all(request: HttpRequest, session: EndUserSession) -> HttpResponse:
    """Sign out in every browser, including this one."""
    end_sessions(
        end_user=session.end_user,
        environment=session.environment,
        reason=EndReason.SIGNED_OUT,
        by=as_actor(session.end_user, Visit.of(request)),
        now=timezone.now(),
    )
    return leave(request, session)


@sensitive_post_parameters()
@end_user_required
def password(request: HttpRequest, session: EndUserSession) -> HttpResponse:
    """Change the password of somebody who knows the current one."""
    form = ChangePasswordForm(sent(request), owner=session.end_user)
    if form.is_valid():
        with refusals_in_form(form):
            change_password(
                session=session,
                current=form.cleaned_data["current"],
                password=form.cleaned_data["password"],
                visit=Visit.of(request),
                now=timezone.now(),
            )
            messages.success(request, _("Your password is changed. Your other sessions are signed out."))
            return redirect(page_url("end_user:account", session.environment))
    return render(request, "end_user/account/password.html", {"form": form, "environment": session.environment})


def _sessions(session: EndUserSession) -> EndUserSessionQuerySet:
    """Return the person's usable sessions in the same environment."""
    return session.end_user.sessions.filter(environment=session.environment).usable(timezone.now())


def _groups(session: EndUserSession) -> QuerySet[EndUserGroup]:
    memberships = session.end_user.memberships.filter(group=OuterRef("pk"))
    return session.environment.groups.filter(Q(is_everyone=True) | Exists(memberships))
