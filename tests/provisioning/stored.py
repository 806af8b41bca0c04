"""What requests leave in the database, so that two ways of one request can be compared."""

import json
import re
from contextlib import contextmanager

from django.db import transaction
from django.utils import timezone

from provisioning.models import ProvisionedEmail, ProvisionedUser, ScimRequest
from workspace.models import ChangeEvent, ChangeSubject, EndUser, EnvironmentAccess

TABLES = [EndUser, EnvironmentAccess, ChangeEvent, ChangeSubject, ProvisionedUser, ProvisionedEmail]
MOMENTS = {"at", "created_at", "updated_at", "active_since"}


@contextmanager
def rolled_back():
    """Let what follows end without a trace."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def stored(tables=(*TABLES, ScimRequest)):
    """All rows with all columns, as text. Ids are numbered as they come; moments are of the last minute."""
    found = [row for table in tables for row in table._base_manager.order_by("pk").values()]
    for row in found:
        row.pop("duration_ms", None)
        for name in MOMENTS & row.keys():
            assert 0 <= (timezone.now() - row.pop(name)).total_seconds() < 60
        if isinstance(row["id"], int):
            del row["id"]  # the database counts it
    text, known = json.dumps(found, default=str, indent=0), {}
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "<moment>", text)
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", lambda match: known.setdefault(match[0], f"<{len(known)}>"), text)
