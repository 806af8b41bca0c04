"""One end user: add, show, edit, deactivate and reactivate."""

from collections import defaultdict
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from workspace.actions.end_users import create_end_user, deactivate_end_user, reactivate_end_user, save_end_user
from workspace.actions.read_only import profile_read_only_reason
from workspace.console.acting import refusals_in_form
from workspace.console.decorators import ConsoleRequest, console
from workspace.console.methods import post_only
from workspace.console.navigation import end_user_tabs, page_url
from workspace.console.offers import offers
from workspace.console.permissions import Permission, may
from workspace.console.presenters import present, source_words
from workspace.forms import sent
from workspace.forms.end_users import AddEndUserForm, EditEndUserForm, EndUserForm
from workspace.isolation import isolated
from workspace.models import ChangeEvent, EndUser, EndUserGroup, Environment, OutgoingMail, SourceKind
from workspace.words import count, listed

RECENT_CHANGES = 10
# Among them may be mails to owners about the person.
NEWEST_MAILS = 20
_MANAGE = Permission.MANAGE_PEOPLE


@console(needs=Permission.MANAGE_PEOPLE)
def add(request: ConsoleRequest, environment: Environment) -> HttpResponse:
    """Add a person by hand."""
    form = AddEndUserForm(sent(request), environment=environment)
    if form.is_valid():
        with refusals_in_form(form):
            end_user = create_end_user(
                workspace=environment.workspace,
                profile=form.profile(request.actor),
                environments=form.cleaned_data["environments"],
                groups=form.cleaned_data["groups"],
                by=request.actor,
            )
            messages.success(request, _("%(end_user)s was added.") % {"end_user": isolated(end_user.full_name)})
            return redirect(person_url(environment, end_user))
    return render(request, "workspace/end_users/add.html", _form_context(form, environment))


@console
def detail(request: ConsoleRequest, environment: Environment, end_user: UUID) -> HttpResponse:
    """Show a person: profile, access and groups by environment with their sources, and recent changes."""
    person = get_person(environment, end_user)
    merged = person.merged.all()
    about = ChangeEvent.objects.of(environment.workspace).latest_about(
        RECENT_CHANGES, person.pk, *(each.pk for each in merged)
    )
    context = {
        "end_user": person,
        "read_only_reason": profile_read_only_reason(person),
        "tabs": end_user_tabs(request, person),
        "places": _places(person, environment),
        "merged": merged,
        "events": present(about, environment, but=person.pk),
        "undelivered": _undelivered(person),
        "offers": offers(person, environment, timezone.now()) if may(request.administrator, _MANAGE) else [],
        "list_url": page_url("workspace:end-users", environment),
    }
    return render(request, "workspace/end_users/detail.html", context)


@console(needs=Permission.MANAGE_PEOPLE)
def edit(request: ConsoleRequest, environment: Environment, end_user: UUID) -> HttpResponse:
    """Edit the name, address and access given by hand."""
    person = get_person(environment, end_user)
    form = EditEndUserForm(sent(request), environment=environment, end_user=person)
    if form.is_valid():
        with refusals_in_form(form):
            changed = save_end_user(
                end_user=person,
                profile=form.profile(request.actor),
                environments=form.cleaned_data["environments"],
                by=request.actor,
            )
            messages.success(
                request,
                _("%(person)s was saved.") % {"person": isolated(person.full_name)}
                if changed
                else _("Nothing was changed."),
            )
            return redirect(person_url(environment, person))
    context = _form_context(form, environment) | {"back_url": person_url(environment, person)}
    return render(request, "workspace/end_users/edit.html", context)


@console(needs=Permission.MANAGE_PEOPLE)
def deactivate(request: ConsoleRequest, environment: Environment, end_user: UUID) -> HttpResponse:
    """Confirm with the effect in numbers, then deactivate the person."""
    person = get_person(environment, end_user)
    if request.method == "POST":
        deactivate_end_user(end_user=person, by=request.actor)
        messages.success(
            request, _("%(person)s was deactivated and can no longer sign in.") % {"person": isolated(person.full_name)}
        )
        return redirect(person_url(environment, person))
    context = {"end_user": person, "back_url": person_url(environment, person), **_loss(person)}
    return render(request, "workspace/end_users/deactivate.html", context)


@console(needs=Permission.MANAGE_PEOPLE)
@post_only("workspace:end-user")
def reactivate(request: ConsoleRequest, environment: Environment, end_user: UUID) -> HttpResponse:
    """Reactivate the person."""
    person = get_person(environment, end_user)
    reactivate_end_user(end_user=person, by=request.actor)
    messages.success(
        request,
        _("%(person)s is active again, with the same access and groups as before.")
        % {"person": isolated(person.full_name)},
    )
    return redirect(person_url(environment, person))


def get_person(environment: Environment, pk: UUID) -> EndUser:
    """Return the person of the workspace with that id, else raise Http404."""
    return get_object_or_404(environment.workspace.end_users.select_related("workspace"), pk=pk)


def person_url(environment: Environment, end_user: EndUser) -> str:
    """Return the URL of a person's page."""
    return page_url("workspace:end-user", environment, end_user=end_user.pk)


def _undelivered(person: EndUser) -> OutgoingMail | None:
    """Return the newest mail to the person, if it could not be sent."""
    newest = next((each for each in person.mails.all()[:NEWEST_MAILS] if each.recipients == [person.email]), None)
    return newest if newest and newest.is_undelivered else None


def _form_context(form: EndUserForm, environment: Environment) -> dict[str, object]:
    """Return the context of a form. If the address is taken, it has a link to the person who has it."""
    holder = form.holder_of_email()
    return {
        "form": form,
        "holder": holder,
        "holder_url": person_url(environment, holder) if holder else "",
        "reactivate_url": page_url("workspace:end-user-reactivate", environment, end_user=holder.pk)
        if holder and not holder.is_active
        else "",
        "list_url": page_url("workspace:end-users", environment),
    }


def _places(person: EndUser, environment: Environment) -> list[dict[str, object]]:
    """Return the access and the groups of a person in each environment, with their sources."""
    sources: dict[UUID, list[str]] = defaultdict(list)
    for access in person.accesses.all():
        sources[access.environment_id].append(source_words(access))
    groups: dict[UUID, dict[EndUserGroup, list[str]]] = defaultdict(dict)
    if person.is_active:
        for everyone in EndUserGroup.objects.filter(environment__in=list(sources), is_everyone=True):
            groups[everyone.environment_id][everyone] = [_("Everybody with access")]
    for membership in person.memberships.select_related("group").order_by("group__name_key", "pk"):
        groups[membership.group.environment_id].setdefault(membership.group, []).append(source_words(membership))
    return [
        {
            "environment": each,
            "sources": sources[each.pk],
            "groups": [
                {"name": group.name, "url": page_url("workspace:group", each, group=group.pk), "sources": words}
                for group, words in groups[each.pk].items()
            ],
        }
        for each in environment.workspace.environments.all()
    ]


def _loss(person: EndUser) -> dict[str, object]:
    """Return what deactivation takes away and what it keeps, in numbers."""
    accesses = list(person.accesses.select_related("environment"))
    names = list(dict.fromkeys(access.environment.name for access in accesses))
    groups = person.memberships.values("group").distinct().count()
    kept = count(groups, "group membership", "group memberships")
    notes = [_("%(kept)s and all access are kept. Reactivate the person to restore them.") % {"kept": kept}]
    idps = dict.fromkeys(access.source_name for access in accesses if access.source_kind != SourceKind.MANUAL)
    notes += [
        _("%(idp)s provisions this person too, and may activate the account again.") % {"idp": isolated(idp)}
        for idp in idps
    ]
    told = {
        "person": isolated(person.full_name),
        "number": count(len(names), "environment", "environments"),
        "environments": listed(names),
    }
    effect = (
        _("%(person)s will lose access to %(number)s: %(environments)s.")
        if names
        else _("%(person)s will lose access to no environment: there is none to lose.")
    )
    return {
        "effect": effect % told,
        "notes": notes,
    }
