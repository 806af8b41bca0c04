"""Another address of one's own account."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from workspace.actions.account_address import confirm_address, request_address
from workspace.actions.account_passwords import DEAD_LINK
from workspace.console.account import AccountRequest, account_page, personal
from workspace.console.acting import refusals_in_form
from workspace.console.proof import OPENED_RECENTLY
from workspace.forms import sent
from workspace.forms.account import AddressForm
from workspace.models import AccountLink


@personal(recent=OPENED_RECENTLY)
def change(request: AccountRequest) -> HttpResponse:
    """Ask for the new address. The answer is the same whether another account has it."""
    form = AddressForm(sent(request))
    if form.is_valid():
        email = form.cleaned_data["email"]
        with refusals_in_form(form):
            request_address(user=request.user, email=email, by=request.actor, now=timezone.now())
            return account_page(request, "workspace/account/address_sent.html", {"email": email})
    return account_page(request, "workspace/account/address.html", {"form": form})


@never_cache
@personal()
def confirm(request: AccountRequest) -> HttpResponse:
    """Change the address. Only the POST uses the link up, because mail programs open links to check them."""
    token, now = request.POST.get("token", request.GET.get("token", "")), timezone.now()
    if request.method == "POST":
        user = confirm_address(user=request.user, token=token, by=request.actor, now=now)
        messages.success(request, _("Your address is %(user)s now.") % {"user": user.email})
        return redirect("workspace:account")
    usable = AccountLink.objects.usable(now).opened_by(token)
    link = usable.filter(kind=AccountLink.Kind.ADDRESS, user=request.user).first()
    context = {"link": link, "token": token, "dead": DEAD_LINK}
    response = account_page(request, "workspace/account/address_confirm.html", context)
    response.status_code = 200 if link else 410
    return response
