"""Forms whose session ended before they were sent: they come back filled, after signing in again where that is needed.

Only what our own pages send is kept, so no other site can put words into somebody's form.
"""

import time
from collections.abc import Callable
from typing import cast
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workspace.console.acting import page_before
from workspace.console.error_pages import expired
from workspace.console.refill import refill
from workspace.forms.sign_in import SignInForm
from workspace.typed import Fields, typed_without_secrets
from workspace.words import Text

NOT_SAVED = gettext_lazy("Nothing was changed, because your session had changed. Check the page, then send it again.")
COMES_BACK = gettext_lazy("Your session had ended, and nothing was changed. Sign in: what you typed comes back.")

_KEPT = "kept_form"
# Together with names; more than any form of the console needs, and no burden for a session.
_MOST = 200_000
_MOST_IN_COOKIE = 3_000
_SECONDS = 10 * 60
_HELD_BACK = {"csrfmiddlewaretoken", "confirmed", "next", "kept"}

# What is kept: where the form posts to, what was typed, and when.
Kept = dict[str, object]


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose token is no longer right: after signing out and in again, or in another tab."""
    if not _is_from_here(request):
        return expired(request)
    if request.path.startswith(reverse("workspace:sign-in")):
        return _sign_in_page_again(request)
    if request.user.is_authenticated:
        return come_back(request)
    return sign_in_first(request)


def come_back(request: HttpRequest, told: Text = NOT_SAVED) -> HttpResponse:
    """Redirect a signed-in browser to the page of the form, which it finds filled."""
    keep(request, kept_of(request))
    messages.warning(request, told)
    return redirect(page_before(request))


def sign_in_first(request: HttpRequest) -> HttpResponse:
    """Answer a form that was sent without a session: the sign-in page, which holds what was typed."""
    page, kept = page_before(request), kept_of(request)
    if not kept["fields"]:
        return redirect_to_login(page)
    messages.warning(request, COMES_BACK)
    context = {"form": SignInForm(), "next": page, "kept": signing.dumps(kept, salt=_KEPT, compress=True)}
    return render(request, "workspace/sign_in.html", context)


def keep_after_sign_in(request: HttpRequest, sealed: str) -> None:
    """Keep what the sign-in page held, now that the browser is signed in."""
    try:
        kept = signing.loads(sealed, salt=_KEPT, max_age=settings.SESSION_ABSOLUTE_AGE)
    except signing.BadSignature:
        return
    keep(request, kept)
    messages.info(request, _("This is what you had typed. It is not saved yet: check it, then send it again."))


def keep(request: HttpRequest, kept: Kept) -> None:
    """Keep a form in the session of a signed-in browser."""
    if kept["fields"]:
        request.session[_KEPT] = kept | {"at": time.time()}


def way_back(request: HttpRequest) -> str:
    """Return the page that a request, once it is allowed, goes on with. What was typed is kept for it."""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    keep(request, kept_of(request))
    return page_before(request)


def kept_forms(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Fill the form of a page with what was kept of it. What nobody comes back for in ten minutes is dropped."""

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.method != "GET" or not (kept := _found(request)):
            return response
        if response.status_code == 200 and _is_page(response) and _fill(request, response, kept):
            request.session.pop(_KEPT, None)
            response.delete_cookie(_KEPT, samesite="Lax")
        return response

    return handle


def kept_of(request: HttpRequest) -> Kept:
    """Return what of a posted form is kept; no fields of one that is too large."""
    fields = [(name, value) for name, value in typed_without_secrets(request) if name not in _HELD_BACK]
    size = sum(len(name) + len(value) for name, value in fields)
    return {"action": request.path, "fields": fields if size <= _MOST else []}


def _sign_in_page_again(request: HttpRequest) -> HttpResponse:
    """Redirect to the sign-in page, which leads on if another tab has signed in. Without a session, a cookie keeps."""
    before = page_before(request)
    path = urlsplit(before).path if urlsplit(before).path.startswith(reverse("workspace:sign-in")) else request.path
    target = request.POST.get("next") or ""
    response = redirect(f"{path}?{urlencode({'next': target})}" if target else path)
    kept = kept_of(request) | {"action": ""}
    if len(sealed := signing.dumps(kept, salt=_KEPT, compress=True)) <= _MOST_IN_COOKIE:
        response.set_cookie(
            _KEPT, sealed, max_age=_SECONDS, secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax"
        )
    return response


def _found(request: HttpRequest) -> Kept | None:
    """Return what was kept for this browser and is not too old."""
    if sealed := request.COOKIES.get(_KEPT):
        try:
            return cast(Kept, signing.loads(sealed, salt=_KEPT, max_age=_SECONDS))
        except signing.BadSignature:
            return None
    if settings.SESSION_COOKIE_NAME not in request.COOKIES or not (kept := request.session.get(_KEPT)):
        return None
    if time.time() - kept["at"] > _SECONDS:
        del request.session[_KEPT]
        return None
    return cast(Kept, kept)


def _fill(request: HttpRequest, response: HttpResponse, kept: Kept) -> bool:
    fields = cast(Fields, kept["fields"])
    page = refill(response.content, request.path, str(kept["action"]), fields)
    if page is None:
        return False
    response.content = page
    if response.has_header("Content-Length"):
        response["Content-Length"] = str(len(page))
    return True


def _is_page(response: HttpResponse) -> bool:
    return not response.streaming and response.get("Content-Type", "").startswith("text/html")


def _is_from_here(request: HttpRequest) -> bool:
    """Say whether a page of ours sent the request. A browser lets no other site write these headers."""
    host = request.get_host()
    if origin := request.headers.get("Origin"):
        return origin in {f"{request.scheme}://{host}", *settings.CSRF_TRUSTED_ORIGINS}
    referer = request.headers.get("Referer", "")
    return bool(referer) and url_has_allowed_host_and_scheme(referer, {host}, require_https=request.is_secure())
