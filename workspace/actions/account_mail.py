"""Mail to the owner of a console account."""

from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from workspace.mail import mail
from workspace.models import User
from workspace.words import Text


def tell_account(user: User, subject: Text, what: Text) -> None:
    """Mail the owner of an account what was changed, if the change is committed."""
    context: dict[str, object] = {"user": user, "what": what, "link": _url("password-forgotten")}
    mail([user.email], subject, "emails/account_changed.txt", context, language=user.language).save()


def mail_password_link(user: User, token: str) -> None:
    """Mail the link that sets a new password."""
    context: dict[str, object] = {"link": password_link(token)}
    subject = _("Set a new password for Workspace admin")
    mail([user.email], subject, "emails/account_password.txt", context, language=user.language).save()


def password_link(token: str) -> str:
    """Return the link that sets a new password."""
    return f"{_url('password-new')}?{urlencode({'token': token})}"


def tell_old_address(user: User, before: str) -> None:
    """Mail the old address that the account has another one now."""
    context: dict[str, object] = {"user": user, "before": before}
    subject = _("Your address was changed")
    mail([before], subject, "emails/account_address_changed.txt", context, language=user.language).save()


def mail_address_link(user: User, email: str, token: str) -> None:
    """Mail the link that confirms a new address to that address."""
    link = f"{_url('account-address-confirm')}?{urlencode({'token': token})}"
    context: dict[str, object] = {"user": user, "link": link}
    subject = _("Confirm your address")
    mail([email], subject, "emails/account_address.txt", context, language=user.language).save()


def _url(route: str) -> str:
    return f"{settings.ORIGIN}{reverse(f'workspace:{route}')}"
