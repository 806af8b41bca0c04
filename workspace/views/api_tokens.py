"""API tokens: the list, a new one, its rotation and its end."""

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from workspace.actions.api_tokens import MOST_LIVE, issue_api_token, revoke_api_token, rotate_api_token
from workspace.console.acting import refusals_in_form
from workspace.console.decorators import ConsoleRequest, console
from workspace.console.navigation import Item, page_url
from workspace.console.permissions import Permission, may
from workspace.console.proof import OPENED_RECENTLY
from workspace.crypto import seal, unseal
from workspace.forms import sent
from workspace.forms.api_tokens import ApiTokenForm, RotationForm
from workspace.models import ApiToken, Environment
from workspace.scopes import in_words

ENDED_SHOWN = 20
# The id and the clear text of a token that was just made, sealed, until the next page has shown it.
_NEW_TOKEN = "new_api_token"


@console
@require_safe
def index(request: ConsoleRequest, environment: Environment) -> HttpResponse:
    """List the tokens of the workspace; a new one once in clear."""
    tokens, now = environment.workspace.api_tokens.prefetch_related("environments"), timezone.now()
    context = {
        "rows": [_row(request, token, now) for token in tokens.live()[:MOST_LIVE]],
        "ended": [_row(request, token, now) for token in tokens.ended().order_by("-updated_at")[:ENDED_SHOWN]],
        "new": _taken(request),
    }
    return render(request, "workspace/api_tokens/index.html", context)


@console(needs=Permission.MANAGE_API_TOKENS, recent=OPENED_RECENTLY)
def create(request: ConsoleRequest, environment: Environment) -> HttpResponse:
    """Make a token; the list shows it once."""
    form = ApiTokenForm(sent(request), workspace=environment.workspace)
    if form.is_valid():
        now = timezone.now()
        with refusals_in_form(form):
            token, clear = issue_api_token(
                workspace=environment.workspace,
                name=form.cleaned_data["name"],
                scopes=form.scopes(),
                environments=form.places(),
                expires_at=form.expires_at(now),
                by=request.actor,
                now=now,
            )
            return _shown_once(request, token, clear)
    return render(request, "workspace/api_tokens/create.html", {"form": form, **_about(environment)})


@console(needs=Permission.MANAGE_API_TOKENS, recent=OPENED_RECENTLY)
def rotate(request: ConsoleRequest, environment: Environment, token: UUID) -> HttpResponse:
    """Ask when the old token ends, then make the new one."""
    old = _live_token(environment, token)
    form = RotationForm(sent(request))
    if form.is_valid():
        with refusals_in_form(form):
            new, clear = rotate_api_token(token=old, overlap=form.chosen(), by=request.actor, now=timezone.now())
            return _shown_once(request, new, clear)
    context = {"form": form, "token": old, **_about(environment)}
    return render(request, "workspace/api_tokens/rotate.html", context)


@console(needs=Permission.MANAGE_API_TOKENS, recent=OPENED_RECENTLY)
def revoke(request: ConsoleRequest, environment: Environment, token: UUID) -> HttpResponse:
    """Ask with the last use, then end a token."""
    old = _live_token(environment, token)
    if request.method == "POST":
        revoke_api_token(token=old, by=request.actor, now=timezone.now())
        messages.warning(
            request,
            _("The API token %(old)s was revoked. Programs that use it are refused from now on.") % {"old": old},
        )
        return redirect(page_url("workspace:api-tokens", environment))
    return render(request, "workspace/api_tokens/revoke.html", {"token": old, **_about(environment)})


def _about(environment: Environment) -> dict[str, object]:
    return {"list_url": page_url("workspace:api-tokens", environment)}


def _live_token(environment: Environment, pk: UUID) -> ApiToken:
    token = get_object_or_404(environment.workspace.api_tokens.live(), pk=pk)
    token.workspace = environment.workspace
    return token


def _shown_once(request: ConsoleRequest, token: ApiToken, clear: str) -> HttpResponse:
    """Keep a new token for the one page that shows it; sealed, because sessions are rows of the database."""
    request.session[_NEW_TOKEN] = [str(token.pk), seal(clear)]
    return redirect(page_url("workspace:api-tokens", request.environment))


def _taken(request: ConsoleRequest) -> dict[str, object]:
    """Return the token that was just made, for this page only."""
    if _NEW_TOKEN not in request.session or not may(request.administrator, Permission.MANAGE_API_TOKENS):
        return {}
    pk, sealed = request.session[_NEW_TOKEN]
    found = request.environment.workspace.api_tokens.live().filter(pk=pk).first()
    if found is None:
        return {}
    del request.session[_NEW_TOKEN]
    return {"token": found, "clear": unseal(sealed)}


def _row(request: ConsoleRequest, token: ApiToken, now: datetime) -> dict[str, object]:
    """Return a token as the list shows it, with what the one who looks may do."""
    places = [each.name for each in token.environments.all()]
    items: list[Item] = []
    if token.is_live(now) and may(request.administrator, Permission.MANAGE_API_TOKENS):
        urls = {
            what: page_url(f"workspace:api-token-{what}", request.environment, token=token.pk)
            for what in ("rotate", "revoke")
        }
        if not token.rotated_to_id:
            items.append({"label": _("Rotate"), "url": urls["rotate"]})
        items.append({"label": _("Revoke"), "url": urls["revoke"], "danger": True})
    return {
        "token": token,
        "scopes": in_words(token.scopes),
        "environments": _("All") if token.is_everywhere else ", ".join(places) or _("None"),
        "menu": items,
    }
