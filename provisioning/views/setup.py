"""End user and group provisioning of a provider: its method, what to copy to the IdP, and the live checklist."""

from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from authentication.models import EnvironmentProvider
from provisioning.actions.connections import choose_method, prepare_scim
from provisioning.actions.leaving import People, PeopleUndecided
from provisioning.actions.tokens import MAX_LIVE
from provisioning.forms import MethodForm, PeopleForm
from provisioning.models import ProvisioningConnection
from provisioning.views.checklist import progress
from provisioning.views.providers import about, connection_of, get_environment_provider, setup_tabs, setup_url, to_setup
from provisioning.views.tokens import hand_over, token_to_show
from workspace.console.acting import refusals_in_form
from workspace.console.decorators import ConsoleRequest, console
from workspace.console.methods import post_only
from workspace.console.navigation import page_url
from workspace.console.permissions import Permission
from workspace.console.proof import OPENED_RECENTLY
from workspace.isolation import isolated
from workspace.models import Environment, SourceKind
from workspace.words import count, grouped

Method = EnvironmentProvider.Method
NAMED_GROUPS = 5
NAMED_PEOPLE = 10


@console
@require_safe
def setup(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Show the whole page; `?method=` shows the part of another method without choosing it."""
    environment_provider = get_environment_provider(environment, provider)
    asked = request.GET.get("method", "")
    connection = connection_of(environment_provider)
    initial = {
        "method": asked if asked in Method else environment_provider.method,
        "syncs_groups": environment_provider.syncs_groups,
        "takes_over_groups": connection is None or connection.takes_over_groups,
        "is_strict": connection is not None and connection.is_strict,
    }
    return _page(request, environment_provider, MethodForm(initial=initial))


@console(needs=Permission.MANAGE_PROVISIONING, recent=OPENED_RECENTLY)
@post_only("provisioning:setup")
def method(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Go on to the part of the chosen method; SCIM gets its Base URL and first token, still switched off."""
    environment_provider = get_environment_provider(environment, provider)
    form = MethodForm(request.POST)
    if not form.is_valid():
        return _page(request, environment_provider, form)
    if form.cleaned_data["method"] == Method.SCIM:
        _prepare(request, environment_provider)
    return to_setup(environment_provider, method=form.cleaned_data["method"])


@console(needs=Permission.MANAGE_PROVISIONING, recent=OPENED_RECENTLY)
@post_only("provisioning:setup")
def save(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Save the method; ask first where people depend on the one that is given up."""
    environment_provider = get_environment_provider(environment, provider)
    form = MethodForm(request.POST)
    if not form.is_valid():
        return _page(request, environment_provider, form)
    asked = form.cleaned_data
    if asked["method"] == Method.SCIM and connection_of(environment_provider) is None:
        _prepare(request, environment_provider)
        return to_setup(environment_provider, method=Method.SCIM)
    try:
        choose_method(environment_provider=environment_provider, **asked, by=request.actor)
    except PeopleUndecided:
        query = {"method": asked["method"], "syncs_groups": asked["syncs_groups"] or ""}
        return redirect(f"{setup_url('provisioning:setup-people', environment_provider)}?{urlencode(query)}")
    return _saved(request, environment_provider)


@console(needs=Permission.MANAGE_PROVISIONING, recent=OPENED_RECENTLY)
def people(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Ask what happens to the people of a connection that is given up, with the effect in numbers."""
    environment_provider = get_environment_provider(environment, provider)
    connection = connection_of(environment_provider)
    if connection is None or not connection.has_people:
        raise Http404
    form = PeopleForm(request.POST or None, initial=_instead(request))
    if request.method == "POST" and form.is_valid():
        with refusals_in_form(form):
            choose_method(environment_provider=environment_provider, **form.cleaned_data, by=request.actor)
            return _saved(request, environment_provider)
    instead = dict(Method.choices).get(form["method"].value(), _("another method"))
    submit = _("Switch to %(method)s") % {"method": instead} if connection.is_enabled else _("Save")
    context = {"form": form, "submit": submit} | _reach(connection)
    return render(request, "provisioning/setup/people.html", context)


def _prepare(request: ConsoleRequest, environment_provider: EnvironmentProvider) -> None:
    clear = prepare_scim(environment_provider=environment_provider, by=request.actor)
    if clear:
        hand_over(request, ProvisioningConnection.objects.get(environment_provider=environment_provider), clear)


def _saved(request: ConsoleRequest, environment_provider: EnvironmentProvider) -> HttpResponse:
    """Say what holds now. SCIM goes on with its checklist; with the others there is nothing more to set up."""
    names = {"provider": environment_provider.identity_provider, "environment": environment_provider.environment}
    if environment_provider.method == Method.SCIM:
        sentence = _("Saved. %(provider)s can now provision end users and groups of %(environment)s.")
        messages.success(request, sentence % names)
        return to_setup(environment_provider)
    sentences = {
        Method.MANUAL: _("Saved. End users of %(provider)s are added to %(environment)s by hand."),
        Method.JIT: _("Saved. End users of %(provider)s are added to %(environment)s at their first sign-in."),
    }
    messages.success(request, sentences[Method(environment_provider.method)] % names)
    return redirect(page_url("authentication:environment", environment_provider.environment))


def _instead(request: ConsoleRequest) -> dict[str, object]:
    """Return the method that replaces SCIM, as the page before asked for it."""
    is_jit = request.GET.get("method") == Method.JIT
    return {
        "method": Method.JIT if is_jit else Method.MANUAL,
        "syncs_groups": is_jit and bool(request.GET.get("syncs_groups")),
    }


def _page(request: ConsoleRequest, environment_provider: EnvironmentProvider, form: MethodForm) -> HttpResponse:
    connection, provider = connection_of(environment_provider), environment_provider.identity_provider
    context = {
        "environment_provider": environment_provider,
        "form": form,
        "selected": form["method"].value(),
        "connection": connection,
        "tabs": setup_tabs(request, environment_provider) if connection else [],
        "authentication_url": page_url("authentication:environment", environment_provider.environment),
        "connect_url": "" if provider.is_set_up else setup_url("authentication:provider-connect", environment_provider),
        "save_url": setup_url("provisioning:save", environment_provider),
        "method_url": setup_url("provisioning:method", environment_provider),
        **about(environment_provider),
        **_groups_at_risk(environment_provider.environment),
        **(_connection_context(request, connection) if connection else {}),
    }
    return render(request, "provisioning/setup/page.html", context)


def _connection_context(request: ConsoleRequest, connection: ProvisioningConnection) -> dict[str, object]:
    """Return tokens, the checklist while SCIM is on, and whether people are left pending while it is off."""
    environment_provider, tokens = connection.environment_provider, list(connection.tokens.live())
    requests_url = page_url("provisioning:requests", environment_provider.environment)
    hint = _("Each line turns green when %(provider)s does it. Not every provider does all of them.")
    return {
        "checklist_hint": hint % {"provider": isolated(connection.name)},
        "clear_token": token_to_show(request, connection),
        "tokens": tokens,
        "successors": {each.replaces_id: each for each in tokens if each.retires_another},
        "may_reveal": settings.REVEAL_TOKENS,
        "may_add_token": len(tokens) < MAX_LIVE,
        "new_token_url": setup_url("provisioning:setup-token-new", environment_provider),
        **(progress(connection) if connection.is_enabled else {}),
        "requests_url": f"{requests_url}?provider={connection.pk}",
        "is_pending": not connection.is_enabled and connection.has_people,
        "people_url": setup_url("provisioning:setup-people", environment_provider),
    }


def _groups_at_risk(environment: Environment) -> dict[str, object]:
    """Return the manual groups, which a pushed group of the same name would take over."""
    groups = environment.groups.filter(is_everyone=False, source_kind=SourceKind.MANUAL)
    names = list(groups.values_list("name", flat=True))
    return {"groups_at_risk": names[:NAMED_GROUPS], "more_at_risk": len(names[NAMED_GROUPS:])}


def _reach(connection: ProvisioningConnection) -> dict[str, object]:
    """Return whom the end of a connection concerns, and what each choice would do, in numbers."""
    number, lone = connection.count_people_and_lone()
    people, groups = count(number, "end user", "end users"), count(connection.managed_groups.count(), "group", "groups")
    effect = _("%(provider)s provisions %(people)s and %(groups)s of %(environment)s.")
    numbers = {"provider": isolated(connection.name), "people": people, "groups": groups}
    named = list(connection.people.values_list("full_name", flat=True)[:NAMED_PEOPLE])
    return about(connection.environment_provider) | {
        "effect": effect % {**numbers, "environment": connection.environment},
        "names": named,
        "more": number - len(named),
        "hints": {
            People.KEEP: _("Access of %(people)s and members of %(groups)s stay. From now on you manage them by hand.")
            % numbers,
            People.DEACTIVATE: _(
                "This access ends for %(people)s, and whoever has no other is deactivated (%(lone)s). "
                "Their data stays. The groups become manual and keep their members (%(groups)s)."
            )
            % {**numbers, "lone": grouped(lone)},
            People.PENDING: _("Nothing changes for them. %(provider)s is refused until SCIM is saved again.") % numbers,
        },
    }
