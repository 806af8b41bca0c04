"""The second step of a sign-in: a code of the authenticator app, or a recovery code."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from workspace.actions.two_step import take_code, take_recovery_code
from workspace.console.acting import refusals_in_form
from workspace.console.second_step import finish, waiting_account
from workspace.forms import sent
from workspace.forms.second_step import CodeForm, RecoveryCodeForm
from workspace.visits import Visit


@never_cache
@sensitive_post_parameters("code")
def second_step(request: HttpRequest) -> HttpResponse:
    """Ask for the code, then sign in. Too many wrong ones make a wait, as for passwords."""
    user = waiting_account(request)
    if user is None:
        messages.info(request, _("Enter your password first. The code comes after it, within ten minutes."))
        return redirect("workspace:sign-in")
    is_recovery = request.GET.get("with") == "recovery-code"
    form = RecoveryCodeForm(sent(request)) if is_recovery else CodeForm(sent(request))
    if form.is_valid():
        code, now = form.cleaned_data["code"], timezone.now()
        with refusals_in_form(form):
            if is_recovery:
                take_recovery_code(user=user, code=code, visit=Visit.of(request), now=now)
            else:
                take_code(user=user, code=code, now=now)
            return finish(request, user)
    return render(request, "workspace/second_step.html", {"form": form, "is_recovery": is_recovery, "account": user})
