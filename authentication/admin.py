"""Django admin of sign-in, read only: changes go through the actions of the console, which record them."""

from django.contrib import admin

from authentication.models import (
    AuthnRequest,
    ConsumedMessage,
    EndUserSession,
    EnvironmentPolicy,
    EnvironmentProvider,
    IdentityProvider,
    LogoutRequest,
    PasswordTicket,
    SamlIdentity,
    ServiceProviderKey,
    SignInAttempt,
    SigningCertificate,
    SsoBypass,
)
from authentication.reasons import Reason
from authentication.saml.errors import SamlReason
from workspace.admin.base import LongAdmin, ReadOnlyAdmin
from workspace.admin.lists import DayFilter, filter_by
from workspace.operator_site import Section

_REASONS = {str(each.value): str(each.value) for kind in (Reason, SamlReason) for each in kind}


@admin.register(IdentityProvider)
class IdentityProviderAdmin(ReadOnlyAdmin):
    """Providers of all workspaces, with the public values of both sides."""

    is_first = True
    section = Section.SIGN_IN
    place = "workspace_id"
    list_display = ["name", "workspace", "vendor", "entity_id", "metadata_source", "created_at"]
    list_filter = ["vendor", "metadata_source"]
    list_select_related = ["workspace"]
    search_fields = ["id", "name_key", "entity_id", "sso_url", "metadata_url", "workspace__name"]
    readonly_fields = ["sp_entity_id", "acs_url", "sp_slo_url"]


@admin.register(SigningCertificate)
class SigningCertificateAdmin(ReadOnlyAdmin):
    """Which certificates are trusted, and until when."""

    section = Section.SIGN_IN
    place = "identity_provider.workspace_id"
    list_display = ["subject", "identity_provider", "fingerprint", "not_before", "not_after"]
    list_filter = ["not_after"]
    list_select_related = ["identity_provider"]
    search_fields = ["subject", "fingerprint", "identity_provider__name_key"]
    date_hierarchy = "not_after"


@admin.register(EnvironmentPolicy)
class EnvironmentPolicyAdmin(ReadOnlyAdmin):
    """The two switches of each environment."""

    section = Section.SIGN_IN
    place = "environment.workspace_id"
    list_display = ["environment", "workspace", "is_saml_enabled", "is_password_enabled", "updated_at"]
    list_filter = ["is_saml_enabled", "is_password_enabled", "environment__kind"]
    list_select_related = ["environment__workspace"]
    search_fields = ["environment__name", "environment__workspace__name"]

    @admin.display(ordering="environment__workspace__name")
    def workspace(self, policy: EnvironmentPolicy) -> str:
        return str(policy.environment.workspace)


@admin.register(EnvironmentProvider)
class EnvironmentProviderAdmin(ReadOnlyAdmin):
    """Which environment uses which provider, and how."""

    section = Section.SIGN_IN
    place = "environment.workspace_id"
    list_display = ["identity_provider", "environment", "workspace", "is_enabled", "enforcement", "method"]
    list_filter = ["is_enabled", "enforcement", "method", "environment__kind"]
    list_select_related = ["identity_provider", "environment__workspace"]
    search_fields = ["id", "identity_provider__name_key", "environment__name", "environment__workspace__name"]

    @admin.display(ordering="environment__workspace__name")
    def workspace(self, environment_provider: EnvironmentProvider) -> str:
        return str(environment_provider.environment.workspace)


class _InEnvironmentAdmin(LongAdmin):
    """Rows of an environment. They show its workspace too, because many environments have one name."""

    section = Section.SIGN_IN
    place = "environment.workspace_id"

    @admin.display(ordering="environment__workspace__name")
    def workspace(self, row: EndUserSession | PasswordTicket | SignInAttempt) -> str:
        return str(row.environment.workspace)


@admin.register(EndUserSession)
class EndUserSessionAdmin(_InEnvironmentAdmin):
    """Who is or was signed in where. The digests of tokens are not shown."""

    list_display = ["end_user", "environment", "workspace", "created_at", "last_seen_at", "ended_at", "end_reason"]
    list_filter = ["end_reason", DayFilter, "environment__kind"]
    list_select_related = ["end_user", "environment__workspace"]
    search_fields = ["id", "end_user"]


@admin.register(SignInAttempt)
class SignInAttemptAdmin(_InEnvironmentAdmin):
    """Every attempt to sign in. Its id is the reference that the person saw."""

    is_first = True
    list_display = ["at", "email", "outcome", "reason", "count", "provider_name", "environment", "workspace", "id"]
    list_filter = ["outcome", filter_by("reason", _REASONS), DayFilter, "environment__kind"]
    list_select_related = ["environment__workspace"]
    search_fields = ["id", "email_key", "end_user"]


@admin.register(PasswordTicket)
class PasswordTicketAdmin(_InEnvironmentAdmin):
    """Mailed links that set a password. The links themselves are stored nowhere."""

    list_display = ["end_user", "kind", "environment", "workspace", "created_at", "expires_at", "used_at"]
    list_filter = ["kind", DayFilter, "environment__kind"]
    list_select_related = ["end_user", "environment__workspace"]
    search_fields = ["id", "end_user"]


@admin.register(AuthnRequest)
class AuthnRequestAdmin(ReadOnlyAdmin):
    """AuthnRequests of the last minutes. Their responses are not shown."""

    section = Section.SIGN_IN
    place = "environment_provider.environment.workspace_id"
    list_display = ["id", "environment_provider", "tester_id", "expires_at", "consumed_at"]
    list_filter = ["expires_at"]
    list_select_related = ["environment_provider__identity_provider", "environment_provider__environment"]
    search_fields = ["id", "environment_provider__identity_provider__name_key"]
    exclude = ["response", "refusal"]


@admin.register(ConsumedMessage)
class ConsumedMessageAdmin(ReadOnlyAdmin):
    """Assertions and logout requests that have had their effect, as long as they could be sent again."""

    section = Section.SIGN_IN
    place = "identity_provider.workspace_id"
    list_display = ["message_id", "kind", "identity_provider", "expires_at"]
    list_filter = ["kind", "expires_at"]
    list_select_related = ["identity_provider"]
    search_fields = ["message_id", "identity_provider__name_key"]


@admin.register(LogoutRequest)
class LogoutRequestAdmin(ReadOnlyAdmin):
    """Logout requests of the last minutes that no IdP has answered yet."""

    section = Section.SIGN_IN
    place = "environment.workspace_id"
    list_display = ["id", "identity_provider", "environment", "expires_at"]
    list_filter = ["expires_at"]
    list_select_related = ["identity_provider", "environment"]
    search_fields = ["id", "identity_provider__name_key"]


@admin.register(SamlIdentity)
class SamlIdentityAdmin(LongAdmin):
    """Whom an IdP means by which NameID."""

    section = Section.SIGN_IN
    place = "identity_provider.workspace_id"
    list_display = ["end_user", "identity_provider", "name_id", "created_at"]
    list_filter = [DayFilter]
    list_select_related = ["end_user", "identity_provider"]
    search_fields = ["id", "end_user"]


@admin.register(ServiceProviderKey)
class ServiceProviderKeyAdmin(ReadOnlyAdmin):
    """Our own certificates. The private keys are sealed and never shown."""

    section = Section.SIGN_IN
    place = "workspace_id"
    list_display = ["workspace", "state", "fingerprint", "not_after"]
    list_filter = ["state", "not_after"]
    list_select_related = ["workspace"]
    search_fields = ["fingerprint", "workspace__name"]


@admin.register(SsoBypass)
class SsoBypassAdmin(ReadOnlyAdmin):
    """Who may use a password although single sign-on is enforced."""

    section = Section.SIGN_IN
    place = "environment.workspace_id"
    list_display = ["end_user", "environment", "reason", "expires_at", "last_used_at"]
    list_filter = ["expires_at", "environment__kind"]
    list_select_related = ["end_user", "environment"]
    search_fields = ["end_user__name_key", "end_user__email_key", "reason"]
