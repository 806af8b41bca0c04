"""The tab Mappings: where the members of the provider's groups come, who has access, what feeds name and address."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from provisioning.actions.connection_settings import choose_attributes, set_only_mapped
from provisioning.actions.mappings import add_mapping, remove_mapping
from provisioning.forms import MappingForm, ProfileSourcesForm
from provisioning.models import GroupMapping, ProvisioningConnection
from provisioning.views.providers import about, connection_or_404, counted, setup_tabs, setup_url
from workspace.actions.exact import SetChange
from workspace.console.acting import refusals_in_form
from workspace.console.decorators import ConsoleRequest, console
from workspace.console.navigation import page_url
from workspace.console.permissions import Permission
from workspace.console.proof import OPENED_RECENTLY
from workspace.db.foreseen import foreseen
from workspace.models import Environment

NAMED_PEOPLE = 10
# As suggestions while a name is typed.
OFFERED_GROUPS = 500
_changes = console(needs=Permission.MANAGE_PROVISIONING, recent=OPENED_RECENTLY)


@dataclass(frozen=True)
class Effect:
    """What a change does, in sentences; the names of those who lose something, which has to be confirmed."""

    sentences: list[str]
    names: list[str] = field(default_factory=list)


@console
@require_safe
def mappings(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """The whole tab."""
    return _page(request, connection_or_404(environment, provider))


@_changes
@require_POST
def add(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """One more row."""
    connection = connection_or_404(environment, provider)
    form = MappingForm(request.POST, connection=connection)
    if form.is_valid():
        with refusals_in_form(form):
            change = partial(add_mapping, connection=connection, by=request.actor, **form.cleaned_data)
            return _done(request, connection, lambda: _effect(change(), connection), "Add mapping")
    return _page(request, connection, mapping_form=form)


@_changes
def remove(request: ConsoleRequest, environment: Environment, provider: UUID, mapping: UUID) -> HttpResponse:
    """Undo a row, never without its effect in numbers."""
    connection = connection_or_404(environment, provider)
    found = get_object_or_404(connection.mappings, pk=mapping)

    def change() -> Effect:
        row = connection.mappings.select_related("environment", "group__environment").get(pk=found.pk)
        row.connection = connection
        return _effect(remove_mapping(mapping=row, by=request.actor), connection)

    if request.method != "POST":
        return _ask(request, connection, foreseen(change), f"Remove {found}")
    return _done(request, connection, change, "Remove mapping", is_confirmed=True)


@_changes
@require_POST
def only_mapped(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Access for members of mapped groups alone, or for everybody."""
    connection = connection_or_404(environment, provider)
    wanted = request.POST.get("only_mapped") == "true"
    change = partial(set_only_mapped, connection=connection, only_mapped=wanted, by=request.actor)
    return _done(request, connection, lambda: _effect(change(), connection), "Change access")


@_changes
@require_POST
def attributes(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """What feeds name and email address."""
    connection = connection_or_404(environment, provider)
    form = ProfileSourcesForm(request.POST)
    if not form.is_valid():
        return _page(request, connection, attributes_form=form)

    def change() -> Effect:
        changes = choose_attributes(connection=connection, by=request.actor, **form.cleaned_data)
        sentences = [f"{counted(len(changes.after), 'profile')} changed."] if changes.after else []
        if changes.refused:
            refused = _listed(changes.refused)
            sentences.append(f"Not taken, because somebody else has it or it is no address: {refused}.")
        return Effect(sentences, [f"{name} <{email}>" for _, name, email, *_ in changes.after])

    return _done(request, connection, change, "Save")


def _effect(changed: list[SetChange], connection: ProvisioningConnection) -> Effect:
    lost = [name for each in changed for _, name in each.removed]
    return Effect([text for each in changed for text in _sentences(each, connection)], list(dict.fromkeys(lost)))


def _sentences(change: SetChange, connection: ProvisioningConnection) -> list[str]:
    place, come, gone = change.place, len(change.added), len(change.removed)
    if isinstance(place, Environment):
        losing = (
            f"{counted(gone, 'end user')} {_verb(gone, 'lose')} the access to {place} that {connection.name} gives."
        )
        gaining = f"{counted(come, 'end user')} {_verb(come, 'get')} access to {place}."
    else:
        losing = f"{counted(gone, 'end user')} {_verb(gone, 'leave')} the group {place} of {place.environment}."
        gaining = f"{counted(come, 'end user')} {_verb(come, 'come')} into the group {place} of {place.environment}."
    return [losing] * bool(gone) + [gaining] * bool(come)


def _verb(number: int, verb: str) -> str:
    return f"{verb}s" if number == 1 else verb


def _done(
    request: ConsoleRequest,
    connection: ProvisioningConnection,
    change: Callable[[], Effect],
    submit: str,
    *,
    is_confirmed: bool = False,
) -> HttpResponse:
    """The change and back to the tab; where somebody loses something, it is asked for first."""
    if not is_confirmed and "confirmed" not in request.POST:
        effect = foreseen(change)
        if effect.names:
            return _ask(request, connection, effect, submit)
    messages.success(request, " ".join(["Saved.", *change().sentences]))
    return redirect(setup_url("provisioning:mappings", connection.environment_provider))


def _ask(request: ConsoleRequest, connection: ProvisioningConnection, effect: Effect, submit: str) -> HttpResponse:
    typed = {name: value for name, value in request.POST.items() if name != "csrfmiddlewaretoken"}
    first, *others = effect.sentences or ["Nobody loses or gets anything by this."]
    context = about(connection.environment_provider) | {
        "effect": first,
        "notes": others,
        "names": effect.names[:NAMED_PEOPLE],
        "more": len(effect.names[NAMED_PEOPLE:]),
        "hidden": [*typed.items(), ("confirmed", "yes")],
        "submit": submit,
        "mappings_url": setup_url("provisioning:mappings", connection.environment_provider),
    }
    return render(request, "provisioning/mappings/confirm.html", context)


def _page(
    request: ConsoleRequest,
    connection: ProvisioningConnection,
    *,
    mapping_form: MappingForm | None = None,
    attributes_form: ProfileSourcesForm | None = None,
) -> HttpResponse:
    use = connection.environment_provider
    chosen = {"name_from": connection.name_from, "email_from": connection.email_from}
    names = connection.groups.order_by("display_name_key").values_list("display_name", flat=True)
    context = about(use) | {
        "connection": connection,
        "tabs": setup_tabs(request, use),
        "authentication_url": page_url("authentication:environment", use.environment),
        "form": mapping_form or MappingForm(connection=connection),
        "attributes_form": attributes_form or ProfileSourcesForm(initial=chosen),
        "rows": _rows(connection),
        "pushed": names[:OFFERED_GROUPS],
        "urls": {name: setup_url(f"provisioning:mappings-{name}", use) for name in ("add", "access", "attributes")},
        "groups_url": page_url("workspace:groups", use.environment),
    }
    return render(request, "provisioning/mappings/index.html", context)


def _rows(connection: ProvisioningConnection) -> list[dict[str, Any]]:
    """The mappings as the table shows them, each with the members of its group, once that is pushed."""
    mappings = list(connection.mappings.select_related("environment", "group"))
    groups = connection.groups.filter(display_name_key__in=[each.name_key for each in mappings])
    counts = dict(groups.annotate(n=Count("memberships")).values_list("display_name_key", "n"))
    return [
        {
            "mapping": mapping,
            "members": counts.get(mapping.name_key),
            "group_url": _group_url(connection, mapping),
            "remove_url": setup_url("provisioning:mapping-remove", connection.environment_provider, mapping=mapping.pk),
        }
        for mapping in mappings
    ]


def _group_url(connection: ProvisioningConnection, mapping: GroupMapping) -> str:
    mapping.environment.workspace = connection.environment.workspace
    return page_url("workspace:group", mapping.environment, group=mapping.group_id) if mapping.group_id else ""


def _listed(texts: list[str]) -> str:
    """Some of them, and how many more there are."""
    more = len(texts) - NAMED_PEOPLE
    return ", ".join(texts[:NAMED_PEOPLE]) + (f" and {more:,} more" if more > 0 else "")
