"""Mail to the owner of a console account."""

from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from workspace.mail import mail
from workspace.models import User


def tell_account(user: User, subject: str, what: str) -> None:
    """Mail the owner of an account what was changed, if the change is committed."""
    context = {"user": user, "what": what, "link": _url("password-forgotten")}
    mail([user.email], subject, "emails/account_changed.txt", context).save()


def mail_password_link(user: User, token: str) -> None:
    """Mail the link that sets a new password."""
    link = password_link(token)
    mail([user.email], "Set a new password for Workspace admin", "emails/account_password.txt", {"link": link}).save()


def password_link(token: str) -> str:
    """Return the link that sets a new password."""
    return f"{_url('password-new')}?{urlencode({'token': token})}"


def tell_old_address(user: User, before: str) -> None:
    """Mail the old address that the account has another one now."""
    mail(
        [before], "Your address was changed", "emails/account_address_changed.txt", {"user": user, "before": before}
    ).save()


def mail_address_link(user: User, email: str, token: str) -> None:
    """Mail the link that confirms a new address to that address."""
    link = f"{_url('account-address-confirm')}?{urlencode({'token': token})}"
    mail([email], "Confirm your address", "emails/account_address.txt", {"user": user, "link": link}).save()


def _url(route: str) -> str:
    return f"{settings.ORIGIN}{reverse(f'workspace:{route}')}"
