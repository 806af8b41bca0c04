"""Sign-in attempts: who tried to sign in, the outcome, and what to do about it."""

from collections.abc import Iterable

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from authentication.forms.attempts import AttemptFilter
from authentication.models import SignInAttempt
from authentication.reasons import heading_of, help_of
from authentication.views.compared import compared, owners_in
from authentication.views.notes import note_in_words
from workspace.console.decorators import ConsoleRequest, console
from workspace.console.navigation import page_url
from workspace.db.paging import newest
from workspace.models import Environment


@console
@require_safe
def index(request: ConsoleRequest, environment: Environment) -> HttpResponse:
    """List every attempt in the environment, newest first."""
    form = AttemptFilter(request.GET, environment=environment)
    attempts, older = newest(form.attempts(), request.GET.get("before", ""), among=form.among())
    context = {
        "form": form,
        "rows": rows_of(attempts, environment),
        "older": older,
        "is_filtered": bool(form.asked()) or "before" in request.GET,
        "is_first_page": "before" not in request.GET,
        "sign_in_url": page_url("end_user:sign-in", environment),
    }
    return render(request, "authentication/attempts/index.html", context)


def rows_of(attempts: Iterable[SignInAttempt], environment: Environment) -> list[dict[str, object]]:
    """Return attempts as the table shows them."""
    attempts = list(attempts)
    owners = owners_in(environment) if any(attempt.differences for attempt in attempts) else {}
    return [
        {
            "attempt": attempt,
            "tone": "success" if attempt.succeeded else "danger",
            "url": page_url("authentication:end-user", environment, end_user=attempt.end_user_id)
            if attempt.end_user_id
            else "",
            "notes": [note_in_words(note) for note in attempt.notes],
            "way": attempt.provider_name or _("Password"),
            "reason": heading_of(attempt.reason),
            "help": help_of(attempt.reason),
            "comparisons": compared(attempt.differences, attempt.identity_provider, owners),
            "elsewhere": attempt.environment.name if attempt.environment_id != environment.pk else "",
        }
        for attempt in attempts
    ]
