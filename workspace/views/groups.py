"""End-user groups of an environment: list, one group, create, rename, members, delete."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import wraps
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from workspace.actions.groups import create_group, delete_group, rename_group
from workspace.actions.read_only import group_read_only_reason
from workspace.console.acting import refusals_in_form
from workspace.console.decorators import ConsoleRequest, Page, console
from workspace.console.navigation import authentication_and_groups_tabs, page_url, tabs
from workspace.console.permissions import Permission
from workspace.console.picking import picker
from workspace.console.presenters import first_names, source_words
from workspace.db.paging import numbered
from workspace.forms import SearchForm, sent
from workspace.forms.groups import GroupForm, NewGroupForm
from workspace.isolation import isolated
from workspace.models import EndUser, EndUserGroup, Environment
from workspace.models.groups import member_counts
from workspace.refusals import ActionError
from workspace.words import count, people


@console
def index(request: ConsoleRequest, environment: Environment) -> HttpResponse:
    """Show the groups of the environment."""
    form = SearchForm(request.GET)
    page = numbered(environment.groups.matching(form.text()), request.GET.get("page"))
    for group in page.rows:
        group.environment = environment
    counts = member_counts(page.rows)
    context = {
        "form": form,
        "page_obj": page,
        "rows": [{"group": group, "url": group_url(group), "members": counts[group.pk]} for group in page.rows],
        "tabs": authentication_and_groups_tabs(request),
        "list_url": page_url("workspace:groups", environment),
        # Everyone always exists and does not count.
        "has_groups": environment.groups.filter(is_everyone=False).exists(),
    }
    return render(request, "workspace/groups/index.html", context)


@console(needs=Permission.MANAGE_PEOPLE)
def create(request: ConsoleRequest, environment: Environment) -> HttpResponse:
    """Create a group with its first members."""
    candidates = environment.workspace.end_users.with_access_to(environment)
    picked = picker(request, candidates)
    form = NewGroupForm(picked.sent, initial=picked.typed, environment=environment, candidates=candidates)
    if form.is_valid():
        with refusals_in_form(form):
            members = [person.pk for person in form.cleaned_data["people"]]
            group = create_group(
                environment=environment, name=form.cleaned_data["name"], members=members, by=request.actor
            )
            done = _("%(group)s was created with %(members)s.") if members else _("%(group)s was created.")
            messages.success(request, done % {"group": group, "members": people(len(members))})
            return redirect(_people_waiting(request, group) or group_url(group))
    list_url = page_url("workspace:groups", environment)
    context = {"form": form, "picker": picked, "list_url": list_url, "cancel_url": _people_waiting(request) or list_url}
    return render(request, "workspace/groups/create.html", context)


def _people_waiting(request: ConsoleRequest, group: EndUserGroup | None = None) -> str:
    """Return the page of the people who were selected for the new group, if somebody came from there."""
    selected = QueryDict(request.GET.get("selected", ""), mutable=True)
    if not selected:
        return ""
    if group:
        selected["to"] = str(group.pk)
    return f"{page_url('workspace:end-users-selected', request.environment)}?{selected.urlencode()}"


@console
def detail(request: ConsoleRequest, environment: Environment, group: UUID) -> HttpResponse:
    """Show a group with its members."""
    found = group_or_404(environment, group)
    form = SearchForm(request.GET)
    text = form.text()
    page = numbered(found.end_users.matching(text), request.GET.get("page"), is_search=bool(text))
    context = {
        "form": form,
        "page_obj": page,
        "rows": _rows(found, page.rows),
        "empty_reason": _empty_reason(found),
        "group_url": group_url(found),
    }
    return render(request, "workspace/groups/detail.html", context | about_group(request, found))


def about_group(request: ConsoleRequest, group: EndUserGroup) -> dict[str, object]:
    """Return what every tab of a group shows around its content."""
    return {
        "group": group,
        "member_count": count(member_counts([group])[group.pk], "member", "members"),
        "read_only_reason": group_read_only_reason(group),
        "tabs": tabs(
            request, [(_("Members"), "workspace:group"), (_("History"), "workspace:group-history")], group=group.pk
        ),
        "list_url": page_url("workspace:groups", group.environment),
    }


def changing(view: Callable[..., HttpResponse]) -> Page:
    """Decorate a view that changes a group. A read-only group gets a message with the reason instead of the view."""

    @console(needs=Permission.MANAGE_PEOPLE)
    @wraps(view)
    def wrapper(request: ConsoleRequest, environment: Environment, group: UUID) -> HttpResponse:
        found = group_or_404(environment, group)
        try:
            if reason := group_read_only_reason(found):
                raise ActionError("read_only", reason)
            return view(request, environment, found)
        except ActionError as error:
            messages.error(request, error.message)
            return redirect(group_url(found))

    return wrapper


@changing
def edit(request: ConsoleRequest, environment: Environment, group: EndUserGroup) -> HttpResponse:
    """Rename a group."""
    name = group.name
    form = GroupForm(sent(request), initial={"name": name})
    if form.is_valid():
        with refusals_in_form(form):
            changed = rename_group(group=group, name=form.cleaned_data["name"], by=request.actor)
            messages.success(
                request,
                _("%(name)s is now named %(group)s.") % {"name": isolated(name), "group": group}
                if changed
                else _("Nothing was changed."),
            )
            return redirect(group_url(group))
    context = {"form": form, "name": name, "back_url": group_url(group)}
    return render(request, "workspace/groups/edit.html", context)


@changing
def delete(request: ConsoleRequest, environment: Environment, group: EndUserGroup) -> HttpResponse:
    """Confirm with the effect in numbers, then delete the group."""
    if request.method == "POST":
        delete_group(group=group, by=request.actor)
        messages.success(request, _("%(group)s was deleted.") % {"group": group})
        return redirect(page_url("workspace:groups", environment))
    number = member_counts([group])[group.pk]
    context = {
        "group": group,
        "effect": _("%(group)s will be deleted, with %(number)s.")
        % {"group": group, "number": count(number, "member", "members")},
        "notes": [
            _("Apps that grant rights to this group stop doing so."),
            _("The people stay end users and keep their access to %(environment)s.") % {"environment": environment},
        ],
        "back_url": group_url(group),
        **first_names(group.end_users, number),
    }
    return render(request, "workspace/groups/delete.html", context)


def group_or_404(environment: Environment, pk: UUID) -> EndUserGroup:
    """Return the environment's group with this id, or 404."""
    found = get_object_or_404(environment.groups, pk=pk)
    found.environment = environment
    return found


def group_url(group: EndUserGroup) -> str:
    return page_url("workspace:group", group.environment, group=group.pk)


def _rows(group: EndUserGroup, members: Sequence[EndUser]) -> list[dict[str, object]]:
    """Return the members of a page with their sources, with one more query."""
    grants = group.environment.accesses if group.is_everyone else group.memberships
    sources: dict[UUID, list[str]] = defaultdict(list)
    for grant in grants.filter(end_user__in=members):
        sources[grant.end_user_id].append(source_words(grant))
    return [
        {
            "end_user": person,
            "url": page_url("workspace:end-user", group.environment, end_user=person.pk),
            "sources": sources[person.pk],
            "is_removable": not group_read_only_reason(group) and "Manual" in sources[person.pk],
        }
        for person in members
    ]


def _empty_reason(group: EndUserGroup) -> str:
    if group.is_everyone:
        return _("Nobody has access to %(environment)s yet.") % {"environment": group.environment}
    if group.is_managed:
        return _("%(source_name)s has not put anybody into this group.") % {"source_name": isolated(group.source_name)}
    return _("Add them by name, or paste their email addresses.")
