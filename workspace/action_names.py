"""The names of changes in the audit log, `noun.verb_in_past_tense`, for every app."""

from enum import StrEnum


class Action(StrEnum):
    """The name of a change. Events store it, so a name never changes its meaning."""

    # Workspaces and their administrators.
    ADMINISTRATOR_ADDED = "administrator.added"
    USER_CHANGED = "user.changed"
    USER_CREATED = "user.created"
    WORKSPACE_CREATED = "workspace.created"

    # End users and their access.
    END_USER_ACCESS_CHANGED = "end_user.access_changed"
    END_USER_ACCESS_ENDED = "end_user.access_ended"
    END_USER_ACCESS_RESTORED = "end_user.access_restored"
    END_USER_CREATED = "end_user.created"
    END_USER_DEACTIVATED = "end_user.deactivated"
    END_USER_INVITED = "end_user.invited"
    END_USER_LINKED = "end_user.linked"
    END_USER_PASSWORD_RESET_REQUESTED = "end_user.password_reset_requested"
    END_USER_PASSWORD_RESET_SENT = "end_user.password_reset_sent"
    END_USER_PASSWORD_SET = "end_user.password_set"
    END_USER_REACTIVATED = "end_user.reactivated"
    END_USER_SESSIONS_ENDED = "end_user.sessions_ended"
    END_USER_UPDATED = "end_user.updated"
    ENVIRONMENT_ACCESS_SETTLED = "environment.access_settled"
    ENVIRONMENT_PROFILES_UPDATED = "environment.profiles_updated"

    # Groups.
    GROUP_CREATED = "group.created"
    GROUP_DELETED = "group.deleted"
    GROUP_MEMBERS_CHANGED = "group.members_changed"
    GROUP_RELEASED = "group.released"
    GROUP_RENAMED = "group.renamed"
    GROUP_TAKEN_OVER = "group.taken_over"

    # How people sign in.
    IDENTITY_PROVIDER_CONNECTED = "identity_provider.connected"
    IDENTITY_PROVIDER_CONNECTION_CHANGED = "identity_provider.connection_changed"
    IDENTITY_PROVIDER_CREATED = "identity_provider.created"
    IDENTITY_PROVIDER_DISABLED = "identity_provider.disabled"
    IDENTITY_PROVIDER_ENABLED = "identity_provider.enabled"
    IDENTITY_PROVIDER_METADATA_CONFIRMED = "identity_provider.metadata_confirmed"
    IDENTITY_PROVIDER_METADATA_DISCARDED = "identity_provider.metadata_discarded"
    IDENTITY_PROVIDER_METADATA_HELD = "identity_provider.metadata_held"
    IDENTITY_PROVIDER_METADATA_REFRESHED = "identity_provider.metadata_refreshed"
    IDENTITY_PROVIDER_REMOVED = "identity_provider.removed"
    IDENTITY_PROVIDER_SETTINGS_CHANGED = "identity_provider.settings_changed"
    IDENTITY_PROVIDER_UPDATED = "identity_provider.updated"
    IDENTITY_PROVIDER_USED = "identity_provider.used"
    POLICY_PASSWORD_DISABLED = "policy.password_disabled"
    POLICY_PASSWORD_ENABLED = "policy.password_enabled"
    POLICY_SAML_DISABLED = "policy.saml_disabled"
    POLICY_SAML_ENABLED = "policy.saml_enabled"
    SERVICE_PROVIDER_KEY_CREATED = "service_provider_key.created"
    SERVICE_PROVIDER_KEY_ROLLOVER_CANCELLED = "service_provider_key.rollover_cancelled"
    SERVICE_PROVIDER_KEY_ROLLOVER_FINISHED = "service_provider_key.rollover_finished"
    SERVICE_PROVIDER_KEY_ROLLOVER_STARTED = "service_provider_key.rollover_started"

    # Provisioning.
    GROUP_MAPPING_ADDED = "group_mapping.added"
    GROUP_MAPPING_REMOVED = "group_mapping.removed"
    GROUP_MAPPING_RENAMED = "group_mapping.renamed"
    PROVISIONED_GROUP_CREATED = "provisioned_group.created"
    PROVISIONED_GROUP_DELETED = "provisioned_group.deleted"
    PROVISIONED_GROUP_UPDATED = "provisioned_group.updated"
    PROVISIONED_USER_DELETED = "provisioned_user.deleted"
    PROVISIONED_USER_UPDATED = "provisioned_user.updated"
    PROVISIONING_ATTRIBUTES_CHOSEN = "provisioning.attributes_chosen"
    PROVISIONING_METHOD_CHOSEN = "provisioning.method_chosen"
    PROVISIONING_ONLY_MAPPED_SET = "provisioning.only_mapped_set"
    PROVISIONING_STRICT_SET = "provisioning.strict_set"
    SCIM_TOKEN_ISSUED = "scim_token.issued"
    SCIM_TOKEN_REVEALED = "scim_token.revealed"
    SCIM_TOKEN_REVOKED = "scim_token.revoked"
