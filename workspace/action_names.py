"""The names of changes in the audit log, `noun.verb_in_past_tense`, for every app."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Action(TextChoices):
    """The name of a change, and what pages call it. Events store the name, so it never changes its meaning."""

    # Workspaces and their administrators.
    ADMINISTRATOR_ADDED = "administrator.added", _("Administrator added")
    ADMINISTRATOR_INVITATION_RESENT = "administrator.invitation_resent", _("Administrator invitation resent")
    ADMINISTRATOR_INVITATION_WITHDRAWN = "administrator.invitation_withdrawn", _("Administrator invitation withdrawn")
    ADMINISTRATOR_INVITED = "administrator.invited", _("Administrator invited")
    ADMINISTRATOR_JOINED = "administrator.joined", _("Administrator joined")
    ADMINISTRATOR_REMOVED = "administrator.removed", _("Administrator removed")
    ADMINISTRATOR_ROLE_CHANGED = "administrator.role_changed", _("Administrator role changed")
    USER_ADDRESS_CHANGED = "user.address_changed", _("User address changed")
    USER_ADDRESS_REQUESTED = "user.address_requested", _("User address requested")
    USER_CHANGED = "user.changed", _("User changed")
    USER_CREATED = "user.created", _("User created")
    USER_PASSKEY_ADDED = "user.passkey_added", _("User passkey added")
    USER_PASSKEY_REMOVED = "user.passkey_removed", _("User passkey removed")
    USER_PASSWORD_CHANGED = "user.password_changed", _("User password changed")
    USER_PASSWORD_RESET = "user.password_reset", _("User password reset")
    USER_PASSWORD_RESET_REQUESTED = "user.password_reset_requested", _("User password reset requested")
    USER_RECOVERY_CODE_USED = "user.recovery_code_used", _("User recovery code used")
    USER_RECOVERY_CODES_RENEWED = "user.recovery_codes_renewed", _("User recovery codes renewed")
    USER_RENAMED = "user.renamed", _("User renamed")
    USER_SESSIONS_ENDED = "user.sessions_ended", _("User sessions ended")
    USER_TWO_STEP_DISABLED = "user.two_step_disabled", _("User two step disabled")
    USER_TWO_STEP_ENABLED = "user.two_step_enabled", _("User two step enabled")
    USER_UNLOCKED = "user.unlocked", _("User unlocked")
    WORKSPACE_CREATED = "workspace.created", _("Workspace created")
    WORKSPACE_DELETED = "workspace.deleted", _("Workspace deleted")
    WORKSPACE_LOOKED_AT = "workspace.looked_at", _("Workspace looked at")
    WORKSPACE_PEOPLE_IMPORTED = "workspace.people_imported", _("Workspace people imported")
    WORKSPACE_REMOVED = "workspace.removed", _("Workspace removed")
    WORKSPACE_RENAMED = "workspace.renamed", _("Workspace renamed")
    WORKSPACE_RESTORED = "workspace.restored", _("Workspace restored")
    WORKSPACE_SECOND_FACTOR_REQUIRED = "workspace.second_factor_required", _("Workspace second factor required")
    WORKSPACE_SECOND_FACTOR_OPTIONAL = "workspace.second_factor_optional", _("Workspace second factor optional")

    # Tokens of the management API.
    API_TOKEN_ISSUED = "api_token.issued", _("API token issued")
    API_TOKEN_REVOKED = "api_token.revoked", _("API token revoked")
    API_TOKEN_ROTATED = "api_token.rotated", _("API token rotated")

    # End users and their access.
    END_USER_ACCESS_CHANGED = "end_user.access_changed", _("End user access changed")
    END_USER_ACCESS_ENDED = "end_user.access_ended", _("End user access ended")
    END_USER_ACCESS_RESTORED = "end_user.access_restored", _("End user access restored")
    END_USER_CREATED = "end_user.created", _("End user created")
    END_USER_DEACTIVATED = "end_user.deactivated", _("End user deactivated")
    END_USER_INVITED = "end_user.invited", _("End user invited")
    END_USER_LINKED = "end_user.linked", _("End user linked")
    END_USER_MERGED = "end_user.merged", _("End user merged")
    END_USER_PASSWORD_RESET_REQUESTED = "end_user.password_reset_requested", _("End user password reset requested")
    END_USER_PASSWORD_RESET_SENT = "end_user.password_reset_sent", _("End user password reset sent")
    END_USER_PASSWORD_SET = "end_user.password_set", _("End user password set")
    END_USER_PERSONAL_DATA_DELETED = "end_user.personal_data_deleted", _("End user personal data deleted")
    END_USER_REACTIVATED = "end_user.reactivated", _("End user reactivated")
    END_USER_SESSIONS_ENDED = "end_user.sessions_ended", _("End user sessions ended")
    END_USER_UPDATED = "end_user.updated", _("End user updated")
    END_USERS_CREATED = "end_users.created", _("End users created")
    END_USERS_DEACTIVATED = "end_users.deactivated", _("End users deactivated")
    END_USERS_INVITED = "end_users.invited", _("End users invited")
    END_USERS_REACTIVATED = "end_users.reactivated", _("End users reactivated")
    ENVIRONMENT_ACCESS_SETTLED = "environment.access_settled", _("Environment access settled")
    ENVIRONMENT_CHANGED = "environment.changed", _("Environment changed")
    ENVIRONMENT_CREATED = "environment.created", _("Environment created")
    ENVIRONMENT_MOVED = "environment.moved", _("Environment moved")
    ENVIRONMENT_PROFILES_UPDATED = "environment.profiles_updated", _("Environment profiles updated")
    ENVIRONMENT_REMOVED = "environment.removed", _("Environment removed")

    # Groups.
    GROUP_CREATED = "group.created", _("Group created")
    GROUP_DELETED = "group.deleted", _("Group deleted")
    GROUP_MEMBERS_CHANGED = "group.members_changed", _("Group members changed")
    GROUP_MEMBERS_RESTORED = "group.members_restored", _("Group members restored")
    GROUP_RELEASED = "group.released", _("Group released")
    GROUP_RENAMED = "group.renamed", _("Group renamed")
    GROUP_TAKEN_OVER = "group.taken_over", _("Group taken over")

    # How people sign in.
    IDENTITY_PROVIDER_CONNECTED = "identity_provider.connected", _("Identity provider connected")
    IDENTITY_PROVIDER_CONNECTION_CHANGED = (
        "identity_provider.connection_changed",
        _("Identity provider connection changed"),
    )
    IDENTITY_PROVIDER_CREATED = "identity_provider.created", _("Identity provider created")
    IDENTITY_PROVIDER_DISABLED = "identity_provider.disabled", _("Identity provider disabled")
    IDENTITY_PROVIDER_ENABLED = "identity_provider.enabled", _("Identity provider enabled")
    IDENTITY_PROVIDER_ENFORCEMENT_STARTED = (
        "identity_provider.enforcement_started",
        _("Identity provider enforcement started"),
    )
    IDENTITY_PROVIDER_ENFORCEMENT_WISHED = (
        "identity_provider.enforcement_wished",
        _("Identity provider enforcement wished"),
    )
    IDENTITY_PROVIDER_METADATA_CONFIRMED = (
        "identity_provider.metadata_confirmed",
        _("Identity provider metadata confirmed"),
    )
    IDENTITY_PROVIDER_METADATA_DISCARDED = (
        "identity_provider.metadata_discarded",
        _("Identity provider metadata discarded"),
    )
    IDENTITY_PROVIDER_METADATA_HELD = "identity_provider.metadata_held", _("Identity provider metadata held")
    IDENTITY_PROVIDER_METADATA_REFRESHED = (
        "identity_provider.metadata_refreshed",
        _("Identity provider metadata refreshed"),
    )
    IDENTITY_PROVIDER_REMOVED = "identity_provider.removed", _("Identity provider removed")
    IDENTITY_PROVIDER_SETTINGS_CHANGED = "identity_provider.settings_changed", _("Identity provider settings changed")
    IDENTITY_PROVIDER_UPDATED = "identity_provider.updated", _("Identity provider updated")
    IDENTITY_PROVIDER_USED = "identity_provider.used", _("Identity provider used")
    POLICY_PASSWORD_DISABLED = "policy.password_disabled", _("Policy password disabled")
    POLICY_PASSWORD_ENABLED = "policy.password_enabled", _("Policy password enabled")
    POLICY_SAML_DISABLED = "policy.saml_disabled", _("Policy SAML disabled")
    POLICY_SAML_ENABLED = "policy.saml_enabled", _("Policy SAML enabled")
    POLICY_UNLOCKED = "policy.unlocked", _("Policy unlocked")
    SERVICE_PROVIDER_KEY_CREATED = "service_provider_key.created", _("Service provider key created")
    SERVICE_PROVIDER_KEY_ROLLOVER_CANCELLED = (
        "service_provider_key.rollover_cancelled",
        _("Service provider key rollover cancelled"),
    )
    SERVICE_PROVIDER_KEY_ROLLOVER_FINISHED = (
        "service_provider_key.rollover_finished",
        _("Service provider key rollover finished"),
    )
    SERVICE_PROVIDER_KEY_ROLLOVER_STARTED = (
        "service_provider_key.rollover_started",
        _("Service provider key rollover started"),
    )
    SSO_BYPASS_ADDED = "sso_bypass.added", _("SSO bypass added")
    SSO_BYPASS_ENDED = "sso_bypass.ended", _("SSO bypass ended")
    SSO_BYPASS_USED = "sso_bypass.used", _("SSO bypass used")

    # How the pages of end users look.
    LOGIN_EXPERIENCE_CHANGED = "login_experience.changed", _("Login experience changed")
    LOGIN_EXPERIENCE_RESET = "login_experience.reset", _("Login experience reset")

    # Provisioning.
    GROUP_MAPPING_ADDED = "group_mapping.added", _("Group mapping added")
    GROUP_MAPPING_REMOVED = "group_mapping.removed", _("Group mapping removed")
    GROUP_MAPPING_RENAMED = "group_mapping.renamed", _("Group mapping renamed")
    PROVISIONED_GROUP_CREATED = "provisioned_group.created", _("Provisioned group created")
    PROVISIONED_GROUP_DELETED = "provisioned_group.deleted", _("Provisioned group deleted")
    PROVISIONED_GROUP_UPDATED = "provisioned_group.updated", _("Provisioned group updated")
    PROVISIONED_USER_DELETED = "provisioned_user.deleted", _("Provisioned user deleted")
    PROVISIONED_USER_UPDATED = "provisioned_user.updated", _("Provisioned user updated")
    PROVISIONING_ATTRIBUTES_CHOSEN = "provisioning.attributes_chosen", _("Provisioning attributes chosen")
    PROVISIONING_METHOD_CHOSEN = "provisioning.method_chosen", _("Provisioning method chosen")
    PROVISIONING_ONLY_MAPPED_SET = "provisioning.only_mapped_set", _("Provisioning only mapped set")
    PROVISIONING_STRICT_SET = "provisioning.strict_set", _("Provisioning strict set")
    SCIM_TOKEN_ISSUED = "scim_token.issued", _("SCIM token issued")
    SCIM_TOKEN_REVEALED = "scim_token.revealed", _("SCIM token revealed")
    SCIM_TOKEN_REVOKED = "scim_token.revoked", _("SCIM token revoked")
