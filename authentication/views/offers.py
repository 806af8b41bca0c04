"""What the page of an end user offers of sign-in."""

from datetime import datetime

from django.utils.translation import gettext as _

from authentication.actions.passwords import may_be_invited
from workspace.console.navigation import page_url
from workspace.console.offers import Offer, offers_next_step
from workspace.models import EndUser, Environment


@offers_next_step
def offer_invitation(end_user: EndUser, environment: Environment, now: datetime) -> Offer | None:
    """Offer the invitation of somebody who may use a password, has none, and holds no link."""
    if not may_be_invited(end_user, environment, now):
        return None
    url = page_url("authentication:end-user-invite", environment, end_user=end_user.pk)
    return Offer(_("No password is set yet. An invitation mails a link to set one."), _("Invite now"), url)
