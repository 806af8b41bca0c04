"""Passkeys of one's own account: add and remove them, and sign in with one."""

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from workspace.actions.passkeys import NOT_SIGNED_IN, add_passkey, remove_passkey, take_passkey
from workspace.console.account import AccountRequest, account_page, personal
from workspace.console.acting import refusals_in_form
from workspace.console.methods import post_only
from workspace.console.passkeys import asked_to_create
from workspace.console.proof import OPENED_RECENTLY, begin_session
from workspace.console.second_factor import ask_for_second_factor, must_prove
from workspace.console.second_step import go_on
from workspace.console.targets import target_of
from workspace.forms import sent
from workspace.forms.passkeys import AddPasskeyForm, PasskeyAnswerForm
from workspace.refusals import ActionError
from workspace.visits import Visit


@personal(recent=OPENED_RECENTLY)
def add(request: AccountRequest) -> HttpResponse:
    """Add a passkey that the browser's authenticator makes. The session has proved both factors then."""
    if must_prove(request, request.user):
        return ask_for_second_factor(request)
    form = AddPasskeyForm(sent(request))
    if form.is_valid():
        with refusals_in_form(form):
            passkey = add_passkey(
                user=request.user,
                name=form.cleaned_data["name"],
                answer=form.cleaned_data["credential"],
                sealed_challenge=form.cleaned_data["challenge"],
                by=request.actor,
            )
            request.session.cycle_key()
            request.session["has_second_factor"] = True
            messages.success(
                request, _("The passkey %(passkey)s is added. You can sign in with it.") % {"passkey": passkey}
            )
            return redirect(target_of(request, "workspace:account"))
    context = {"form": form, "asked": asked_to_create(request.user)}
    return account_page(request, "workspace/account/passkey_add.html", context)


@personal(recent=OPENED_RECENTLY)
def remove(request: AccountRequest, passkey: UUID) -> HttpResponse:
    """Remove a passkey after a confirmation."""
    if request.method == "POST":
        remove_passkey(user=request.user, passkey=passkey, by=request.actor)
        messages.warning(request, _("The passkey is removed. You can no longer sign in with it."))
        return redirect("workspace:account")
    found = get_object_or_404(request.user.passkeys, pk=passkey)
    return account_page(request, "workspace/account/passkey_remove.html", {"passkey": found})


@never_cache
@post_only("workspace:sign-in")
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in with a passkey. It is both factors: the authenticator, and what opened it."""
    target, form = target_of(request), PasskeyAnswerForm(request.POST)
    try:
        if not form.is_valid():
            raise ActionError("not_signed_in", NOT_SIGNED_IN)
        answer, challenge = form.cleaned_data["credential"], form.cleaned_data["challenge"]
        visit = Visit.of(request)
        user = take_passkey(answer=answer, sealed_challenge=challenge, visit=visit, now=timezone.now())
    except ActionError as refusal:
        messages.error(request, refusal.message)
        return redirect(f"{reverse('workspace:sign-in')}?{urlencode({'next': target})}")
    begin_session(request, user, has_second_factor=True)
    return go_on(request, target, request.POST.get("kept", ""))
