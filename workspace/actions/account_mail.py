"""Mail to the owner of a console account."""

from functools import partial
from urllib.parse import urlencode

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse

from workspace.mail import send_in_background
from workspace.models import User


def tell_account(user: User, subject: str, what: str) -> None:
    """Mail the owner of an account what was changed, once it is committed. A failure is only logged."""
    context = {"user": user, "what": what, "link": _url("password-forgotten")}
    _send(subject, "emails/account_changed.txt", context, user.email)


def mail_password_link(user: User, token: str) -> None:
    """Mail the link that sets a new password, in the background: nobody may learn whether there is such an account."""
    link = f"{_url('password-new')}?{urlencode({'token': token})}"
    _send("Set a new password for Workspace admin", "emails/account_password.txt", {"link": link}, user.email)


def tell_old_address(user: User, before: str) -> None:
    """Mail the old address that the account has another one now."""
    _send("Your address was changed", "emails/account_address_changed.txt", {"user": user, "before": before}, before)


def mail_address_link(user: User, email: str, token: str) -> None:
    """Mail the link that confirms a new address to that address, in the background."""
    link = f"{_url('account-address-confirm')}?{urlencode({'token': token})}"
    _send("Confirm your address", "emails/account_address.txt", {"user": user, "link": link}, email)


def _send(subject: str, template: str, context: dict[str, object], email: str) -> None:
    message = EmailMessage(subject=subject, body=render_to_string(template, context), to=[email])
    transaction.on_commit(partial(send_in_background, message))


def _url(route: str) -> str:
    return f"{settings.ORIGIN}{reverse(f'workspace:{route}')}"
