"""What a console page does with the refusal of an action: a message and a page to go on from, never an error 500."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

from workspace.refusals import ActionError


@contextmanager
def refusals_in_form(form: forms.Form) -> Iterator[None]:
    """Turn a refusal into an error at its field, so that the page shows it beside what was typed."""
    try:
        yield
    except ActionError as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)


@contextmanager
def refusals_as_messages(request: HttpRequest) -> Iterator[None]:
    """Turn a refusal into a message for the next page; redirect there afterwards, whatever came of the action."""
    try:
        yield
    except ActionError as refusal:
        _tell(request, refusal)


def refused(request: HttpRequest, refusal: ActionError, list_url: str) -> HttpResponse:
    """Answer a refusal that the view did not handle: back to the page before, or to the list it belongs to.

    A list that cannot be shown either has nowhere to lead: then the refusal is the page.
    """
    target = page_before(request) if request.method == "POST" else list_url
    if request.method != "POST" and urlsplit(list_url).path == request.path:
        return render(request, "refused.html", {"refusal": refusal}, status=409)
    _tell(request, refusal)
    return redirect(target)


def page_before(request: HttpRequest) -> str:
    """Return the page of ours that a form was posted from, as the browser says; else the start page."""
    before = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(before, {request.get_host()}, require_https=request.is_secure()):
        return resolve_url(settings.LOGIN_REDIRECT_URL)
    parts = urlsplit(before)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _tell(request: HttpRequest, refusal: ActionError) -> None:
    """Say a refusal once, also where the page that was redirected to refuses for the same reason."""
    waiting = messages.get_messages(request)
    told = [message.message for message in waiting]
    waiting.used = False  # type: ignore[union-attr] # reading them here is not showing them
    if refusal.message not in told:
        messages.error(request, refusal.message)
