"""The tab Mappings: which groups and environments a pushed group opens, who has access, what feeds name and address."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from django.db.models import Count, prefetch_related_objects
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from provisioning.actions.connection_settings import choose_attributes, set_only_mapped
from provisioning.actions.mappings import add_mapping, remove_mapping
from provisioning.forms import MappingForm, ProfileSourcesForm
from provisioning.models import GroupMapping, ProvisioningConnection
from provisioning.views.effects import (
    Effect,
    ask,
    change_or_ask,
    changed,
    effect_of_profiles,
    effect_of_sets,
    to_mappings,
)
from provisioning.views.providers import about, connection_or_404, setup_tabs, setup_url
from workspace.console.acting import refusals_as_messages, refusals_in_form
from workspace.console.decorators import ConsoleRequest, console
from workspace.console.methods import post_only
from workspace.console.navigation import page_url
from workspace.console.permissions import Permission
from workspace.console.proof import OPENED_RECENTLY
from workspace.db.foreseen import foreseen
from workspace.db.paging import numbered
from workspace.isolation import isolated
from workspace.models import Environment

# So many pushed groups are suggested while a name is typed.
OFFERED_GROUPS = 500
_FORMS = ("add", "access", "attributes")
_changes = console(needs=Permission.MANAGE_PROVISIONING, recent=OPENED_RECENTLY)


@console
@require_safe
def mappings(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Show the whole tab."""
    return _page(request, connection_or_404(environment, provider))


@_changes
@post_only("provisioning:mappings")
def add(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Add a row."""
    connection = connection_or_404(environment, provider)
    form = MappingForm(request.POST, connection=connection)
    if form.is_valid():
        add_row = partial(add_mapping, connection=connection, by=request.actor, **form.cleaned_data)
        with refusals_in_form(form):
            return change_or_ask(request, connection, lambda: effect_of_sets(add_row(), connection), _("Add mapping"))
    return _page(request, connection, mapping_form=form)


@_changes
def remove(request: ConsoleRequest, environment: Environment, provider: UUID, mapping: UUID) -> HttpResponse:
    """Ask with the effect in numbers, then remove a row."""
    connection = connection_or_404(environment, provider)
    found = get_object_or_404(connection.mappings, pk=mapping)

    def change() -> Effect:
        row = connection.mappings.select_related("environment", "group__environment").get(pk=found.pk)
        row.connection = connection
        return effect_of_sets(remove_mapping(mapping=row, by=request.actor), connection)

    response = to_mappings(connection)
    with refusals_as_messages(request):
        if request.method == "POST":
            response = changed(request, connection, change)
        else:
            response = ask(request, connection, foreseen(change), _("Remove %(name)s") % {"name": found.in_words})
    return response


@_changes
@post_only("provisioning:mappings")
def only_mapped(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Give access to members of mapped groups alone, or to everybody."""
    connection = connection_or_404(environment, provider)
    wanted = request.POST.get("only_mapped") == "true"
    change = partial(set_only_mapped, connection=connection, only_mapped=wanted, by=request.actor)
    return change_or_ask(request, connection, lambda: effect_of_sets(change(), connection), _("Change access"))


@_changes
@post_only("provisioning:mappings")
def attributes(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Choose what feeds name and email address."""
    connection = connection_or_404(environment, provider)
    form = ProfileSourcesForm(request.POST)
    if not form.is_valid():
        return _page(request, connection, attributes_form=form)
    change = partial(choose_attributes, connection=connection, by=request.actor, **form.cleaned_data)
    return change_or_ask(request, connection, lambda: effect_of_profiles(change()), _("Save"))


def _page(
    request: ConsoleRequest,
    connection: ProvisioningConnection,
    *,
    mapping_form: MappingForm | None = None,
    attributes_form: ProfileSourcesForm | None = None,
) -> HttpResponse:
    environment_provider = connection.environment_provider
    chosen = {"name_from": connection.name_from, "email_from": connection.email_from}
    names = connection.groups.order_by("display_name_key").values_list("display_name", flat=True)
    place = environment_provider.environment
    page = numbered(connection.mappings.all(), request.GET.get("page"))
    context = (
        about(environment_provider)
        | _hints(connection)
        | {
            "connection": connection,
            "tabs": setup_tabs(request, environment_provider),
            "authentication_url": page_url("authentication:environment", place),
            "form": mapping_form or MappingForm(connection=connection),
            "attributes_form": attributes_form or ProfileSourcesForm(initial=chosen),
            "page_obj": page,
            "rows": _rows(page.rows, connection),
            "pushed": names[:OFFERED_GROUPS],
            "urls": {name: setup_url(f"provisioning:mappings-{name}", environment_provider) for name in _FORMS},
            "groups_url": page_url("workspace:groups", place),
        }
    )
    return render(request, "provisioning/mappings/index.html", context)


def _hints(connection: ProvisioningConnection) -> dict[str, object]:
    names = {"provider": isolated(connection.name), "environment": connection.environment}
    groups = _(
        "A pushed group without a mapping becomes an end-user group of the same name in %(environment)s. "
        "With mappings, its members go where those say instead, and get access to that environment."
    )
    access = _(
        "Off: everybody whom %(provider)s provisions may sign in to %(environment)s. "
        "On: only members of at least one group above."
    )
    return {"groups_hint": groups % names, "access_hint": access % names}


def _rows(mappings: Sequence[GroupMapping], connection: ProvisioningConnection) -> list[dict[str, object]]:
    """Return the mappings as the table shows them; once a group is pushed, with the number of its members."""
    prefetch_related_objects(mappings, "environment", "group")
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
