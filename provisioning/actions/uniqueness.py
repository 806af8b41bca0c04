"""What a connection may have once. The constraints decide, so that two requests at once get one verdict."""

from provisioning.models import ProvisionedGroup, ProvisionedUser
from workspace.db import transactions
from workspace.refusals import ConflictError

# Kind and attribute by the constraint; which of several the databases look at first differs.
_TAKEN = {
    "scim_user_name_unique": "user with this userName",
    "scim_user_person_unique": "user with this userName or email address",
    "scim_group_name_unique": "group with this displayName",
}


def save_unique(record: ProvisionedUser | ProvisionedGroup) -> None:
    """Save a record, or raise ConflictError that names what is taken."""
    transactions.save_unique(record, conflict)


def conflict(constraint: str) -> ConflictError:
    """Return the refusal of a record by this constraint."""
    message = f"This connection already has a {_TAKEN[constraint]}. Look it up, then update it."
    return ConflictError("resource_taken", message)
