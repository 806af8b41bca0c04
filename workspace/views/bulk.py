"""Changes of the end users who are selected in the list: the group, the confirmation, and taking it back."""

from datetime import timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from workspace.actions.bulk import BulkChange, Plan, Selection, change_many
from workspace.actions.undo_bulk import opposite_of
from workspace.console.decorators import ConsoleRequest, console
from workspace.console.navigation import page_url
from workspace.console.permissions import Permission
from workspace.console.presenters import NAMES_SHOWN
from workspace.db.paging import numbered
from workspace.db.parameters import Among
from workspace.forms import SearchForm
from workspace.forms.end_user_filter import EndUserFilter
from workspace.forms.selection import SelectionForm
from workspace.models import ChangeEvent, Environment
from workspace.refusals import ActionError

# A message's Undo asks nothing for so long, where it hurts nobody.
_UNASKED = timedelta(minutes=15)
# So many people are looked at for the names that a confirmation shows.
_LOOKED_AT = 200


@console(needs=Permission.MANAGE_PEOPLE)
def selected(request: ConsoleRequest, environment: Environment) -> HttpResponse:
    """Confirm a change of the selected people with numbers and names, then change them."""
    filtered = EndUserFilter(request.GET, environment=environment, now=timezone.now())
    form = SelectionForm(request.GET, filtered=filtered)
    back_url = f"{page_url('workspace:end-users', environment)}?{form.filter_query()}"
    if not form.is_valid():
        messages.warning(request, form.problem)
        return redirect(back_url)
    change, selection = form.cleaned_data["do"], form.selection()
    if change.needs_group and selection.group is None:
        return _choose_group(request, form, change, back_url)
    if request.method == "POST":
        return _change(request, change, selection, back_url)
    return _confirm(request, change, selection, back_url)


@console(needs=Permission.MANAGE_PEOPLE)
def undo(request: ConsoleRequest, environment: Environment, event: UUID) -> HttpResponse:
    """Take a change of many people back. Ask first where that takes something from them."""
    found = get_object_or_404(ChangeEvent.objects.of(environment.workspace), pk=event)
    back_url = page_url("workspace:audit-log-event", environment, event=found.pk)
    opposite = opposite_of(found, environment)
    if opposite is None:
        messages.warning(request, _("This change cannot be taken back here."))
        return redirect(back_url)
    change, selection = opposite
    if request.method != "POST":
        return _confirm(request, change, selection, back_url)
    is_asked = change.is_harmful or timezone.now() - found.at > _UNASKED
    unasked = "" if is_asked else change.plan(selection).mark
    return _change(request, change, selection, page_url("workspace:end-users", environment), unasked)


def _change(
    request: ConsoleRequest, change: BulkChange, selection: Selection, back_url: str, unasked: str = ""
) -> HttpResponse:
    expected = request.POST.get("expected") or unasked
    try:
        plan, event = change_many(
            change=change, selection=selection, expected=expected, by=request.actor, now=timezone.now()
        )
    except ActionError as refusal:
        plan = change.plan(selection)
        if plan.ids:
            return _confirm(request, change, selection, back_url, refusal.message if expected else "")
        event = None
    if event is None:
        messages.info(request, " ".join([_("Nothing was left to change."), *plan.left_out]))
        return redirect(back_url)
    can_undo = opposite_of(event, request.environment) is not None
    undo_url = page_url("workspace:end-users-undo", request.environment, event=event.pk) if can_undo else ""
    tell = messages.warning if change.is_harmful else messages.success
    tell(request, change.done(selection, len(plan.ids)), extra_tags=undo_url)
    return redirect(back_url)


def _confirm(
    request: ConsoleRequest, change: BulkChange, selection: Selection, back_url: str, problem: str = ""
) -> HttpResponse:
    plan = change.plan(selection)
    context = {
        "title": change.label,
        "problem": problem,
        "has_people": bool(plan.ids),
        "effect": change.effect(selection, len(plan.ids)),
        "left_out": plan.left_out,
        "notes": plan.notes,
        "hidden": [("expected", plan.mark)],
        "submit": change.label,
        "safe": not change.is_harmful,
        "back_url": back_url,
        **_names(selection, plan),
    }
    return render(request, "workspace/end_users/bulk_confirm.html", context)


def _names(selection: Selection, plan: Plan) -> dict[str, object]:
    """Return the first names of a plan for its page, and the number of the others."""
    names: list[str] = []
    if len(plan.ids) > _LOOKED_AT:
        # Where they are many of all who were selected, they are among the first ones.
        first = selection.people.order_by("name_key", "pk").values_list("pk", "full_name")[:_LOOKED_AT]
        names = [name for pk, name in first if pk in plan.ids][:NAMES_SHOWN]
    if len(names) < NAMES_SHOWN:
        people = selection.environment.workspace.end_users.filter(Among("pk", plan.ids)).order_by("name_key", "pk")
        names = list(people.values_list("full_name", flat=True)[:NAMES_SHOWN]) if plan.ids else []
    return {"names": names, "more": len(plan.ids) - len(names)}


def _choose_group(request: ConsoleRequest, form: SelectionForm, change: BulkChange, back_url: str) -> HttpResponse:
    search = SearchForm({"q": request.GET.get("groups", "")})
    groups = form.groups()
    create_url = page_url("workspace:group-create", request.environment)
    context = {
        "title": change.label,
        "page_obj": numbered(groups.matching(search.text()), request.GET.get("page")),
        "text": search.text(),
        "has_groups": groups.exists(),
        "may_create": not change.is_harmful,
        "create_url": f"{create_url}?{urlencode({'selected': request.GET.urlencode()})}",
        "kept": form.kept("to", "groups", "page", "csrfmiddlewaretoken"),
        "back_url": back_url,
    }
    return render(request, "workspace/end_users/bulk_group.html", context)
