"""Merging two end users who are one person: whom with, and the confirmation with everything that moves."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from workspace.actions.merging import merge_end_users
from workspace.console.decorators import ConsoleRequest, console
from workspace.console.navigation import page_url
from workspace.console.permissions import Permission
from workspace.db.foreseen import foreseen
from workspace.forms import SearchForm
from workspace.models import EndUser, Environment
from workspace.refusals import ActionError
from workspace.views.end_users import get_person, person_url

MOST_FOUND = 20


@console(needs=Permission.MANAGE_PEOPLE)
def choose(request: ConsoleRequest, environment: Environment, end_user: UUID) -> HttpResponse:
    """Offer those who may be the same person, and a search."""
    person, search = get_person(environment, end_user), SearchForm(request.GET)
    people, text = environment.workspace.end_users.exclude(pk=person.pk), search.text()
    found = list((people.matching(text) if text else people.namesakes_of(person))[: MOST_FOUND + 1])
    context = {
        "end_user": person,
        "search": search,
        "is_search": bool(text),
        "has_more": len(found) > MOST_FOUND,
        "rows": [
            {
                "end_user": each,
                "page_url": person_url(environment, each),
                "url": _merge_url(environment, person, each),
            }
            for each in found[:MOST_FOUND]
        ],
        "back_url": person_url(environment, person),
    }
    return render(request, "workspace/end_users/merge_choose.html", context)


@console(needs=Permission.MANAGE_PEOPLE)
def merge(request: ConsoleRequest, environment: Environment, end_user: UUID, other: UUID) -> HttpResponse:
    """Confirm which of the two stays and what moves, then merge. Nothing undoes it."""
    stays = get_person(environment, end_user)
    if stays.merged.filter(pk=other).exists() or stays.pk == other:
        return redirect(person_url(environment, stays))
    goes, now = get_person(environment, other), timezone.now()
    context: dict[str, object] = {
        "stays": stays,
        "goes": goes,
        "back_url": person_url(environment, stays),
        "choose_url": page_url("workspace:end-user-merge", environment, end_user=stays.pk),
        "swap_url": _merge_url(environment, goes, stays),
    }
    try:
        if request.method == "POST":
            merge_end_users(stays=stays, goes=goes, by=request.actor, now=now)
            messages.success(request, _("%(goes)s was merged into this person.") % {"goes": goes})
            return redirect(person_url(environment, stays))
        context["facts"] = foreseen(lambda: merge_end_users(stays=stays, goes=goes, by=request.actor, now=now))
    except ActionError as refusal:
        context["refusal"] = refusal.message
    return render(request, "workspace/end_users/merge.html", context)


def _merge_url(environment: Environment, stays: EndUser, goes: EndUser) -> str:
    return page_url("workspace:end-user-merge-with", environment, end_user=stays.pk, other=goes.pk)
