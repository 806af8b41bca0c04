"""End user and group provisioning of a provider: its method, what to copy to the IdP, and the live checklist."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from authentication.models import EnvironmentProvider
from provisioning.actions.connections import People, PeopleUndecided, choose_method, prepare_scim
from provisioning.actions.tokens import MAX_LIVE
from provisioning.forms import MethodForm, PeopleForm
from provisioning.models import ProvisioningConnection, ScimRequest
from provisioning.views.providers import about, connection_of, counted, setup_tabs, setup_url, to_setup, used_provider
from provisioning.views.tokens import hand_over, token_to_show
from workspace.console.acting import refusals_in_form
from workspace.console.decorators import ConsoleRequest, console
from workspace.console.navigation import page_url
from workspace.console.permissions import Permission
from workspace.console.proof import OPENED_RECENTLY
from workspace.models import ChangeEvent, Environment, SourceKind

Method = EnvironmentProvider.Method
NAMED_GROUPS = 5
NAMED_PEOPLE = 10


@console
@require_safe
def setup(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """The whole page; `?method=` shows the part of another method without choosing it."""
    use = used_provider(environment, provider)
    asked = request.GET.get("method", "")
    initial = {
        "method": asked if asked in Method else use.method,
        "syncs_groups": use.syncs_groups,
        "takes_over_groups": connection_of(use) is None or use.connection.takes_over_groups,
        "is_strict": connection_of(use) is not None and use.connection.is_strict,
    }
    return _page(request, use, MethodForm(initial=initial))


@console(needs=Permission.MANAGE_PROVISIONING, recent=OPENED_RECENTLY)
@require_POST
def method(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """On to the part of the chosen method; SCIM gets its Base URL and first token, still switched off."""
    use = used_provider(environment, provider)
    form = MethodForm(request.POST)
    if not form.is_valid():
        return _page(request, use, form)
    if form.cleaned_data["method"] == Method.SCIM:
        _prepare(request, use)
    return to_setup(use, method=form.cleaned_data["method"])


@console(needs=Permission.MANAGE_PROVISIONING, recent=OPENED_RECENTLY)
@require_POST
def save(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Save the method; asks first where people depend on the one that is given up."""
    use = used_provider(environment, provider)
    form = MethodForm(request.POST)
    if not form.is_valid():
        return _page(request, use, form)
    asked = form.cleaned_data
    if asked["method"] == Method.SCIM and connection_of(use) is None:
        _prepare(request, use)
        return to_setup(use, method=Method.SCIM)
    try:
        choose_method(environment_provider=use, **asked, by=request.actor)
    except PeopleUndecided:
        query = {"method": asked["method"], "syncs_groups": asked["syncs_groups"] or ""}
        return redirect(f"{setup_url('provisioning:setup-people', use)}?{urlencode(query)}")
    return _saved(request, use)


@console(needs=Permission.MANAGE_PROVISIONING, recent=OPENED_RECENTLY)
def people(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Ask what happens to the people of a connection that is given up, with the effect in numbers."""
    use = used_provider(environment, provider)
    connection = connection_of(use)
    if connection is None or not connection.has_people:
        raise Http404
    form = PeopleForm(request.POST or None, initial=_instead(request))
    if request.method == "POST" and form.is_valid():
        with refusals_in_form(form):
            choose_method(environment_provider=use, **form.cleaned_data, by=request.actor)
            return _saved(request, use)
    instead = dict(Method.choices).get(form["method"].value(), "another method")
    submit = f"Switch to {instead}" if connection.is_enabled else "Save"
    context = {"form": form, "submit": submit} | _reach(connection)
    return render(request, "provisioning/setup/people.html", context)


def _prepare(request: ConsoleRequest, use: EnvironmentProvider) -> None:
    clear = prepare_scim(environment_provider=use, by=request.actor)
    if clear:
        hand_over(request, ProvisioningConnection.objects.get(environment_provider=use), clear)


def _saved(request: ConsoleRequest, use: EnvironmentProvider) -> HttpResponse:
    """Say what holds now. SCIM goes on with its checklist; with the others there is nothing more to set up."""
    name, environment = use.identity_provider.name, use.environment.name
    if use.method == Method.SCIM:
        messages.success(request, f"Saved. {name} can now provision end users and groups of {environment}.")
        return to_setup(use)
    sentences = {
        Method.MANUAL: f"Saved. End users of {name} are added to {environment} by hand.",
        Method.JIT: f"Saved. End users of {name} are added to {environment} at their first sign-in.",
    }
    messages.success(request, sentences[Method(use.method)])
    return redirect(page_url("authentication:environment", use.environment))


def _instead(request: ConsoleRequest) -> dict[str, Any]:
    """The method that replaces SCIM, as the page before asked for it."""
    is_jit = request.GET.get("method") == Method.JIT
    return {
        "method": Method.JIT if is_jit else Method.MANUAL,
        "syncs_groups": is_jit and bool(request.GET.get("syncs_groups")),
    }


def _page(request: ConsoleRequest, use: EnvironmentProvider, form: MethodForm) -> HttpResponse:
    connection, provider = connection_of(use), use.identity_provider
    context = {
        "use": use,
        "form": form,
        "selected": form["method"].value(),
        "connection": connection,
        "tabs": setup_tabs(request, use) if connection else [],
        "authentication_url": page_url("authentication:environment", use.environment),
        "connect_url": "" if provider.is_set_up else setup_url("authentication:provider-connect", use),
        "save_url": setup_url("provisioning:save", use),
        "method_url": setup_url("provisioning:method", use),
        **about(use),
        **_groups_at_risk(use.environment),
        **(_connection_context(request, connection) if connection else {}),
    }
    return render(request, "provisioning/setup/page.html", context)


def _connection_context(request: ConsoleRequest, connection: ProvisioningConnection) -> dict[str, Any]:
    """Tokens, the checklist while SCIM is on, the people left pending while it is off."""
    use, tokens = connection.environment_provider, list(connection.tokens.live())
    checks = _checks(connection) if connection.is_enabled else []
    return {
        "clear_token": token_to_show(request, connection),
        "tokens": tokens,
        "may_reveal": settings.REVEAL_TOKENS,
        "may_add_token": len(tokens) < MAX_LIVE,
        "new_token_url": setup_url("provisioning:setup-token-new", use),
        "checks": checks,
        "done_count": sum(check["state"] == "done" for check in checks),
        "requests_url": f"{page_url('provisioning:requests', use.environment)}?provider={connection.pk}",
        "is_pending": not connection.is_enabled and connection.has_people,
        "people_url": setup_url("provisioning:setup-people", use),
    }


def _groups_at_risk(environment: Environment) -> dict[str, Any]:
    """The groups by hand, which a pushed group of the same name would take over."""
    groups = environment.groups.filter(is_everyone=False, source_kind=SourceKind.MANUAL)
    names = list(groups.values_list("name", flat=True))
    return {"groups_at_risk": names[:NAMED_GROUPS], "more_at_risk": len(names[NAMED_GROUPS:])}


def _reach(connection: ProvisioningConnection) -> dict[str, Any]:
    """Whom the end of a connection is about, and what each choice would do, in numbers."""
    people, groups = counted(connection.people.count(), "end user"), counted(connection.managed_groups.count(), "group")
    lone = connection.people_without_other_access.count()
    named = list(connection.people.values_list("full_name", flat=True)[:NAMED_PEOPLE])
    return about(connection.environment_provider) | {
        "effect": f"{connection.name} provisions {people} and {groups} of {connection.environment}.",
        "names": named,
        "more": connection.people.count() - len(named),
        "hints": {
            People.KEEP: f"{people} keep access, {groups} keep their members. From now on you manage them by hand.",
            People.DEACTIVATE: f"{people} lose this access; {lone:,} without any other are deactivated. "
            f"Their data stays, and {groups} become manual with their members.",
            People.PENDING: f"Nothing changes for them. {connection.name} is refused until SCIM is saved again.",
        },
    }


def _checks(connection: ProvisioningConnection) -> list[dict[str, Any]]:
    """What a working connection does, and when the real IdP did it first."""
    answered = connection.requests.filter(status__lt=400).order_by("id")
    changes = ChangeEvent.objects.filter(
        actor_kind=ChangeEvent.ActorKind.CONNECTION, actor_id=str(connection.pk)
    ).order_by("id")
    return [
        _first_call(connection, answered),
        _check("Look-up", answered.filter(method="GET", path__contains="/Users"), "It asks which end users there are."),
        _check("Create", _of(changes, "end_user.created", "end_user.linked"), "Assign somebody to the application."),
        _check("Update", _of(changes, "end_user.updated", "provisioned_user.updated"), "Change a name there."),
        _check("Group push", _of(changes, "group.created", "group.taken_over"), "Push a group."),
        _check("Deactivate", _of(changes, "end_user.access_ended"), "Unassign a test person."),
    ]


def _first_call(connection: ProvisioningConnection, answered: QuerySet[ScimRequest]) -> dict[str, Any]:
    """The line that can fail: the provider comes, but without a live token of this connection."""
    refused = connection.requests.filter(status=401).first()
    if refused and not answered.exists():
        return {"label": "First call", "state": "failed", "detail": refused.error}
    return _check("First call", answered, "The provider reaches the Base URL with the token.")


def _of(changes: QuerySet[ChangeEvent], *actions: str) -> QuerySet[ChangeEvent]:
    return changes.filter(action__in=actions)


def _check(label: str, rows: QuerySet[Any], detail: str) -> dict[str, Any]:
    """A line of the checklist: done since the first of the rows, else how to get there."""
    at = rows.values_list("at", flat=True).first()
    return {"label": label, "state": "done", "at": at} if at else {"label": label, "state": "waiting", "detail": detail}
