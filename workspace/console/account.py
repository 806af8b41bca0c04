"""The decorator and the frame of the pages about one's own account, which belong to no workspace."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeAlias, cast

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from workspace.console.kept import sign_in_first
from workspace.console.navigation import Item
from workspace.console.proof import RECENT, ask_for_proof, is_proved
from workspace.events import Actor
from workspace.models import User
from workspace.refusals import ActionError
from workspace.visits import Visit


class AccountRequest(HttpRequest):
    """A request of a signed-in account, as `personal` passes it to the view."""

    user: User
    actor: Actor
    request_id: str


Given = ParamSpec("Given")
View: TypeAlias = Callable[Concatenate[AccountRequest, Given], HttpResponse]


def personal(recent: timedelta | None = None) -> Callable[[View[Given]], Callable[..., HttpResponse]]:
    """Call a view for somebody who is signed in. A refusal becomes a message on the page Your account.

    With `recent`, the session must have proved its password, as for `console`.
    """

    def decorate(view: View[Given]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def wrapper(request: AccountRequest, *args: Given.args, **kwargs: Given.kwargs) -> HttpResponse:
            if not cast(HttpRequest, request).user.is_authenticated:
                return (
                    sign_in_first(request) if request.method == "POST" else redirect_to_login(request.get_full_path())
                )
            request.actor = Actor.account(request.user, Visit.of(request))
            if recent and not is_proved(request, RECENT if request.method in ("GET", "HEAD") else recent):
                return ask_for_proof(request)
            try:
                return view(request, *args, **kwargs)
            except ActionError as refusal:
                messages.error(request, refusal.message)
                return redirect("workspace:account")

        return wrapper

    return decorate


def account_page(request: AccountRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """Render a page of the account. Its sidebar leads back to the account's workspaces."""
    frame = {"is_personal": True, "sidebar": _sidebar(request), "account_url": reverse("workspace:account")}
    return render(request, template, frame | context)


def _sidebar(request: AccountRequest) -> list[Item]:
    own = {"label": _("Your account"), "url": reverse("workspace:account"), "current": True, "icon": "user"}
    places = [
        {"label": role.workspace.name, "url": reverse("workspace:workspace", kwargs={"workspace": role.workspace.slug})}
        for role in request.user.roles.select_related("workspace").order_by("workspace__name")
    ]
    if request.user.is_staff:
        places.append({"label": _("Operator pages"), "url": reverse("admin:index")})
    # The pages that lead on come with their heading only if there are any.
    groups: list[Item] = [{"label": "", "items": [own]}]
    return [*groups, {"label": _("Workspaces"), "items": places}] if places else groups
