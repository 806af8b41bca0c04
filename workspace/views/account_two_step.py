"""Two-step verification of one's own account: turn it on and off, and make new recovery codes."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from workspace.actions.two_step import NOT_ON, disable_two_step, enable_two_step, renew_recovery_codes, take_any_code
from workspace.console.account import AccountRequest, account_page, personal
from workspace.console.acting import refusals_in_form
from workspace.console.proof import OPENED_RECENTLY, RECENT
from workspace.console.second_factor import ask_for_second_factor, must_prove
from workspace.console.targets import target_of
from workspace.crypto import UnsealError, seal, unseal
from workspace.forms import sent
from workspace.forms.second_step import AnyCodeForm, FirstCodeForm
from workspace.models import AuthenticatorApp
from workspace.one_time_codes import new_key, uri
from workspace.visits import Visit

_KEY = "new_authenticator_key"


@sensitive_post_parameters("code")
@personal(recent=OPENED_RECENTLY)
def enable(request: AccountRequest) -> HttpResponse:
    """Show the key as QR code and text, and turn two-step verification on with its first code."""
    if AuthenticatorApp.objects.filter(user=request.user).exists():
        messages.info(request, _("Two-step verification is on already."))
        return redirect("workspace:account")
    if must_prove(request, request.user):
        return ask_for_second_factor(request)
    key, form = _key(request), FirstCodeForm(sent(request))
    if form.is_valid():
        code = form.cleaned_data["code"]
        with refusals_in_form(form):
            codes = enable_two_step(user=request.user, key=key, code=code, by=request.actor, now=timezone.now())
            _keep_session(request)
            shown = _shown(codes) | {"is_new": True, "next": target_of(request, "workspace:account")}
            return account_page(request, "workspace/account/recovery_codes.html", shown)
    import segno  # takes 1 MB of a process

    picture = segno.make(uri(key, request.user.email), error="m")
    context = {
        "form": form,
        # Black on white in both colour schemes, with the margin that cameras need.
        "picture": mark_safe(picture.svg_inline(scale=4, border=4, dark="#000", light="#fff")),  # noqa: S308
        "key": " ".join(key[at : at + 4] for at in range(0, len(key), 4)),
    }
    return account_page(request, "workspace/account/two_step.html", context)


@sensitive_post_parameters("code")
@personal(recent=OPENED_RECENTLY)
def disable(request: AccountRequest) -> HttpResponse:
    """Turn two-step verification off, which takes a code."""
    if not AuthenticatorApp.objects.filter(user=request.user).exists():
        messages.info(request, NOT_ON)
        return redirect("workspace:account")
    form = AnyCodeForm(sent(request))
    if form.is_valid():
        code, visit = form.cleaned_data["code"], Visit.of(request)
        with refusals_in_form(form):
            take_any_code(user=request.user, code=code, visit=visit, now=timezone.now())
            disable_two_step(user=request.user, by=request.actor)
            messages.warning(request, _("Two-step verification is off. Only your password protects your account now."))
            return redirect("workspace:account")
    return account_page(request, "workspace/account/two_step_off.html", {"form": form})


@personal(recent=RECENT)
def renew_codes(request: AccountRequest) -> HttpResponse:
    """Make new recovery codes after a confirmation, and show them once."""
    if not AuthenticatorApp.objects.filter(user=request.user).exists():
        messages.info(request, NOT_ON)
        return redirect("workspace:account")
    if request.method == "POST":
        codes = renew_recovery_codes(user=request.user, by=request.actor)
        return account_page(request, "workspace/account/recovery_codes.html", _shown(codes))
    return account_page(request, "workspace/account/recovery_codes_renew.html", {})


def _shown(codes: list[str]) -> dict[str, object]:
    return {"codes": "\n".join(codes)}


def _key(request: AccountRequest) -> str:
    """Return the key that this session sets up: the same until it is confirmed, so that a wrong code costs no scan."""
    try:
        return unseal(request.session[_KEY])
    except (KeyError, UnsealError):
        key = new_key()
        request.session[_KEY] = seal(key)
        return key


def _keep_session(request: AccountRequest) -> None:
    """Keep this session, which has proved both factors now, under a new key."""
    del request.session[_KEY]
    request.user.refresh_from_db()
    update_session_auth_hash(request, request.user)
    request.session["has_second_factor"] = True
