"""The page that leads to a second factor, where a workspace or the installation requires one."""

from django.http import HttpResponse
from django.shortcuts import redirect

from workspace.actions.second_factors import required_for
from workspace.console.account import AccountRequest, account_page, personal
from workspace.console.passkeys import asked_to_sign_in, works_here
from workspace.console.second_factor import has_second_factor, must_prove
from workspace.console.targets import target_of
from workspace.models import AuthenticatorApp


@personal()
def index(request: AccountRequest) -> HttpResponse:
    """Say what a second factor is required for, and offer to set one up or to sign in with it."""
    target = target_of(request)
    if has_second_factor(request):
        return redirect(target)
    passkey = asked_to_sign_in(request) if request.user.passkeys.exists() else None
    context = {
        "what": required_for(request.user),
        "next": target,
        "must_prove": must_prove(request, request.user),
        "has_app": AuthenticatorApp.objects.filter(user=request.user).exists(),
        "passkey": passkey,
        "passkeys_work": works_here(request),
    }
    return account_page(request, "workspace/account/second_factor.html", context)
