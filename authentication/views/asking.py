"""Confirmation pages of changes that take a way to sign in from somebody; other changes happen at once, with Undo."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from authentication.forms.sessions import OpenSessionsForm
from authentication.losses import Loss, Some, loss_by
from authentication.models.sessions import EndUserSessionQuerySet
from workspace.console.decorators import ConsoleRequest
from workspace.console.navigation import page_url
from workspace.console.presenters import first_names
from workspace.models import ChangeEvent, Environment
from workspace.refusals import ActionError
from workspace.words import grouped

CONFIRMED = ("confirmed", "yes")


@dataclass(frozen=True)
class Question:
    """What a change asks before it takes a way to sign in from somebody."""

    title: str
    submit: str
    # Says what a number of people lose: "3 end users can no longer sign in to PROD with Okta."
    loses: Callable[[int], str] = str
    # What is said once it has happened.
    done: str = ""
    notes: Sequence[str] = ()
    # What is sent along with the answer.
    hidden: Sequence[tuple[str, str]] = ()
    sessions: EndUserSessionQuerySet | None = None


# A change that ends the sessions of the question at a time, or leaves them alone.
Change = Callable[[datetime | None], ChangeEvent | None]


def change_or_ask(
    request: ConsoleRequest, environment: Environment, change: Change, question: Question
) -> HttpResponse:
    """Change and go back to the list of providers. Ask first if somebody loses a way to sign in or is signed in by it.

    What happened without being asked can be undone from its message, and so can what left all sessions alone.
    """
    now = timezone.now()
    try:
        loss = loss_by(lambda: change(None), environment, now)
        form = sessions_form(request, question.sessions, now)
        is_answered = CONFIRMED in request.POST.items() and (form is None or form.is_valid())
        if (loss.losing.number or form) and not is_answered:
            return ask_about_loss(request, environment, question, loss, form)
        is_ending = form is not None and form.is_ending
        event = change(now if is_ending else None)
        say(request, environment, question, loss, None if is_ending else event)
    except ActionError as refusal:
        messages.error(request, refusal.message)
    return redirect(page_url("authentication:environment", environment))


def sessions_form(
    request: ConsoleRequest, sessions: EndUserSessionQuerySet | None, now: datetime
) -> OpenSessionsForm | None:
    """Return the question what happens to open sessions, if there are any. It is bound once it was asked."""
    number = sessions.usable(now).count() if sessions is not None else 0
    is_asked = CONFIRMED in request.POST.items()
    return OpenSessionsForm(request.POST if is_asked else None, number=number) if number else None


def ask_about_loss(
    request: ConsoleRequest,
    environment: Environment,
    question: Question,
    loss: Loss,
    form: OpenSessionsForm | None = None,
) -> HttpResponse:
    """Show the confirmation page of a change with what people lose, and name those who have no other way first."""
    some, label = (loss.locked_out, _("Who has no other way")) if loss.locked_out.number else (loss.losing, "")
    return ask(request, environment, question, effects(loss, question, environment), some, label, form)


def ask(
    request: ConsoleRequest,
    environment: Environment,
    question: Question,
    sentences: Sequence[str],
    some: Some,
    names_label: str = "",
    form: OpenSessionsForm | None = None,
) -> HttpResponse:
    """Show the confirmation page of a change, with its effect in sentences and the names of whom it concerns."""
    effect, *notes = sentences
    context = {
        "title": question.title,
        "effect": effect,
        "notes": [*notes, *question.notes],
        "names_label": names_label,
        "hidden": [*question.hidden, CONFIRMED],
        "form": form,
        "submit": question.submit,
        "list_url": page_url("authentication:environment", environment),
        **first_names(some.people, some.number),
    }
    return render(request, "authentication/confirm.html", context)


def effects(loss: Loss, question: Question, environment: Environment) -> list[str]:
    """Return a loss in sentences."""
    losing, locked_out = loss.losing.number, loss.locked_out.number
    if not losing:
        return [_("No end user of %(environment)s loses a way to sign in.") % {"environment": environment}]
    first = question.loses(losing)
    if not locked_out:
        return [first, _("There is another way for each of them.")]
    if locked_out == losing:
        alone = ngettext("There is no other way for this person.", "There is no other way for them.", losing)
        return [first, alone]
    some = ngettext(
        "For %(number)s of them there is no other way.", "For %(number)s of them there is no other way.", locked_out
    )
    return [first, some % {"number": grouped(locked_out)}]


def say(
    request: ConsoleRequest, environment: Environment, question: Question, loss: Loss, event: ChangeEvent | None
) -> None:
    """Say what happened; with an event, the message has a button that undoes it."""
    undo_url = page_url("authentication:undo", environment, event=event.pk) if event else ""
    if loss.losing.number:
        effect = effects(loss, question, environment)[0]
        messages.warning(request, f"{question.done} {effect}", extra_tags=undo_url)
    else:
        messages.success(request, question.done, extra_tags=undo_url)
