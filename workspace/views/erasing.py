"""Delete personal data of a deactivated person: the confirmation with everything that goes, and the deletion."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from workspace.actions.erasing import STILL_ACTIVE, delete_personal_data
from workspace.console.decorators import ConsoleRequest, console
from workspace.console.navigation import page_url
from workspace.console.permissions import Permission
from workspace.console.proof import OPENED_RECENTLY
from workspace.db.foreseen import foreseen
from workspace.forms import sent
from workspace.forms.erasing import ErasureForm
from workspace.models import Environment
from workspace.views.end_users import get_person, person_url


@console(needs=Permission.MANAGE_PEOPLE, recent=OPENED_RECENTLY)
def erase(request: ConsoleRequest, environment: Environment, end_user: UUID) -> HttpResponse:
    """Confirm what goes in numbers and the typed address, then delete. Nothing undoes it."""
    person, now = get_person(environment, end_user), timezone.now()
    if person.is_active:
        messages.error(request, STILL_ACTIVE)
        return redirect(person_url(environment, person))
    form = ErasureForm(sent(request), end_user=person)
    if form.is_valid():
        delete_personal_data(end_user=person, by=request.actor, now=now)
        messages.warning(request, _("The personal data was deleted. The audit log keeps ids only."))
        return redirect(page_url("workspace:end-users", environment))
    context = {
        "end_user": person,
        "form": form,
        "facts": foreseen(lambda: delete_personal_data(end_user=person, by=request.actor, now=now)),
        "back_url": person_url(environment, person),
    }
    return render(request, "workspace/end_users/erase.html", context)
