"""What events of this app keep, in words."""

from django.utils.translation import gettext_lazy as _

from provisioning.actions.tokens import Retirement
from provisioning.models.connections import EmailFrom, NameFrom
from provisioning.models.mappings import mapping_in_words
from workspace.field_words import name_fields

name_fields(
    {
        "connection": _("Provisioning connection"),
        "connection_id": _("Provisioning connection"),
        "document": _("SCIM attributes"),
        "email_from": _("Email address from"),
        "environment_provider_id": _("Use of the identity provider"),
        "groupmapping": _("Group mappings"),
        "is_revoked": _("Revoked"),
        "is_strict": _("Strict"),
        "mapping": _("Group mapping"),
        "mappings": _("Group mappings"),
        "name_from": _("Full name from"),
        "only_mapped": _("Only members of mapped groups get access"),
        "pending": _("Not decided yet"),
        "pending_groups": _("Groups that are not decided yet"),
        "provisioningconnection": _("Provisioning connection"),
        "record": _("SCIM group"),
        "replaced": _("Old token"),
        "retirement": _("The old token ends"),
        "saved_at": _("Saved"),
        "scim_users": _("SCIM users"),
        "takes_over_groups": _("Take over existing groups of the same name"),
    },
    {
        "email_from": dict(EmailFrom.choices),
        "name_from": dict(NameFrom.choices),
        "retirement": dict(Retirement.choices),
    },
    {"mapping": mapping_in_words},
)
