"""Refusals of actions on console pages: a form error, or a message and a redirect, never an error 500."""

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
    """Turn a refusal into an error of its form field."""
    try:
        yield
    except ActionError as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)


@contextmanager
def refusals_as_messages(request: HttpRequest) -> Iterator[None]:
    """Turn a refusal into a message for the next page. Redirect there afterwards."""
    try:
        yield
    except ActionError as refusal:
        _tell(request, refusal)


def refused(request: HttpRequest, refusal: ActionError, list_url: str) -> HttpResponse:
    """Answer a refusal that the view did not handle.

    A POST goes back to the page of its form, a GET to the list that it belongs to. If that list itself refuses, the
    refusal is the page.
    """
    target = page_before(request) if request.method == "POST" else list_url
    if request.method != "POST" and urlsplit(list_url).path == request.path:
        return render(request, "refused.html", {"refusal": refusal}, status=409)
    _tell(request, refusal)
    return redirect(target)


def page_before(request: HttpRequest) -> str:
    """Return the page from which a form was posted (Referer) if it is ours, else the start page."""
    before = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(before, {request.get_host()}, require_https=request.is_secure()):
        return resolve_url(settings.LOGIN_REDIRECT_URL)
    parts = urlsplit(before)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _tell(request: HttpRequest, refusal: ActionError) -> None:
    """Add a message unless it is waiting already: the page after a redirect may refuse for the same reason."""
    waiting = messages.get_messages(request)
    told = [message.message for message in waiting]
    waiting.used = False  # type: ignore[union-attr] # reading messages here does not show them
    if refusal.message not in told:
        messages.error(request, refusal.message)
