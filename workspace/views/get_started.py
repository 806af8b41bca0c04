"""Get started: what is done in an environment, and what comes next."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from workspace.actions.administrators import close_get_started
from workspace.console.decorators import ConsoleRequest, console
from workspace.console.first_steps import count_done, first_steps
from workspace.console.methods import post_only
from workspace.console.navigation import page_url
from workspace.models import Environment


@console
@require_safe
def index(request: ConsoleRequest, environment: Environment) -> HttpResponse:
    """Show the steps."""
    steps = first_steps(environment, request.administrator)
    context = {
        "subtitle": _("The first steps in %(environment)s.") % {"environment": environment},
        "steps": steps,
        "done": count_done(steps),
        "may_act": any(each.url for each in steps),
    }
    return render(request, "workspace/get_started.html", context)


@console
@post_only("workspace:get-started")
def close(request: ConsoleRequest, environment: Environment) -> HttpResponse:
    """Take the page out of the sidebar of this administrator."""
    close_get_started(administrator=request.administrator, is_closed=True)
    messages.success(request, _("Get started is closed. You find it again under Go to."))
    return redirect(page_url("workspace:groups", environment))


@console
@post_only("workspace:get-started")
def reopen(request: ConsoleRequest, environment: Environment) -> HttpResponse:
    """Put it back."""
    close_get_started(administrator=request.administrator, is_closed=False)
    messages.success(request, _("Get started is back in your sidebar."))
    return redirect(page_url("workspace:get-started", environment))
