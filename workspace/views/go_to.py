"""Go to: one search over the pages and things of an environment."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from workspace.console.decorators import ConsoleRequest, console
from workspace.console.finding import MOST, search
from workspace.console.navigation import page_url
from workspace.forms import SearchForm
from workspace.models import Environment


@console
@require_safe
def go_to(request: ConsoleRequest, environment: Environment) -> HttpResponse:
    """Show what was found; the only thing that was found opens at once."""
    text = SearchForm(request.GET).text()
    kinds = search(request, text)
    found = [each for kind in kinds for each in kind.found]
    if len(found) == 1:
        return redirect(found[0].url)
    people_url = page_url("workspace:end-users", environment)
    context = {"kinds": kinds, "text": text, "most": MOST, "people_url": people_url}
    return render(request, "workspace/go_to.html", context)
