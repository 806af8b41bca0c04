"""Error pages. Those below an environment's sign-in have its look and a way back there, never the console's."""

import re
import sys

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import defaults

from workspace import outage
from workspace.models import Environment
from workspace.uploads import caps_of
from workspace.words import Text

_PLACE = re.compile(r"/sign-in/([-\w]+)/([-\w]+)/")
# Below these, only pages of end users can be missing. The console's start page would ask them for an account.
_END_USERS = ("/sign-in/", "/saml/")
_NOT_FOUND = gettext_lazy(
    "The address may be mistyped, or the page may have been removed. "
    "If a link led here, ask your administrator for the right one."
)
_NOT_UNDERSTOOD = gettext_lazy("Nothing was changed. Go back, reload the page and try again.")
_EXPIRED = gettext_lazy(
    "Nothing was changed. For your safety a form works only in the browser that opened it. Go back, reload the page "
    "and send it again. Your browser must accept cookies from this site."
)


def place_of(request: HttpRequest) -> str:
    """Return the path of the sign-in page that a request is below; "" if it is below none."""
    found = _PLACE.match(request.path)
    return found[0] if found else ""


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Show the page for an address that leads nowhere."""
    return _of_end_user(request, _("Page not found"), _NOT_FOUND, 404) or defaults.page_not_found(request, exception)


def not_understood(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Show the page for a request that cannot be read. One that is too large is told the size that is taken."""
    most = caps_of(request)[0] // 2**20 if isinstance(exception, RequestDataTooBig) else 0
    shown = _of_end_user(request, _("The request could not be understood"), _NOT_UNDERSTOOD, 400)
    return shown or render(request, "400.html", {"most": most}, status=400)


def expired(request: HttpRequest) -> HttpResponse:
    """Show the page for a form that another site sent, or a browser without cookies."""
    shown = _of_end_user(request, _("This page has expired"), _EXPIRED, 403)
    return shown or render(request, "403_csrf.html", status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    """Show the page for an uncaught error: 503 in an outage, else 500. It asks no database: that may be what failed."""
    error, place = sys.exc_info()[1], place_of(request)
    if error is None or not outage.is_outage(error):
        return HttpResponse(render_to_string("500.html", {"place": place, "request": request}), status=500)
    outage.note(error)
    context = {"reason": outage.reason(error), "request": request, "kept": outage.kept(request), "place": place}
    headers = {**outage.RETRY, "Cache-Control": "no-store"}
    return HttpResponse(render_to_string("503.html", context), status=503, headers=headers)


def _of_end_user(request: HttpRequest, title: Text, sentence: Text, status: int) -> HttpResponse | None:
    if not request.path.startswith(_END_USERS):
        return None
    environment = None
    if found := _PLACE.match(request.path):
        environments = Environment.objects.open().select_related("workspace", "login_experience")
        environment = environments.filter(workspace__slug=found[1], slug=found[2]).first()
    context = {"title": title, "sentence": sentence, "environment": environment}
    return render(request, "end_user/error.html", context, status=status)
