"""How long the log of SCIM requests and the sealed copies of tokens are kept."""

from datetime import datetime, timedelta

from authentication.actions.retention import delete_in_batches
from provisioning.models import ScimRequest, ScimToken
from workspace.db.keys import first_id_at

# Long enough to find out what an identity provider sent a month ago; what it changed stays in the audit log.
REQUESTS_KEPT = timedelta(days=30)


def forget_requests(now: datetime) -> int:
    """Delete older requests, some at a time, and tell how many; call it outside transactions.

    Ids tell the age, so that the primary key finds the rows: there is no index on the time.
    """
    return delete_in_batches(ScimRequest.objects.filter(pk__lt=first_id_at(now - REQUESTS_KEPT)))


def forget_expired_tokens(now: datetime) -> int:
    """Delete the sealed copies of tokens whose time is over, and tell how many. Nobody may reveal them any more."""
    return ScimToken.objects.filter(expires_at__lte=now).exclude(sealed="").update(sealed="")
