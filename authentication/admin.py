"""Operators look at identity providers; every change goes through the console's actions, which record it."""

from django.contrib import admin

from authentication.models import EnvironmentPolicy, EnvironmentProvider, IdentityProvider, SigningCertificate
from workspace.admin import ReadOnlyAdmin


@admin.register(IdentityProvider)
class IdentityProviderAdmin(ReadOnlyAdmin):
    """Providers of all workspaces; what is public of their side and of ours."""

    list_display = ["name", "workspace", "vendor", "entity_id", "metadata_source", "created_at"]
    list_filter = ["vendor", "metadata_source", "workspace"]
    list_select_related = ["workspace"]
    search_fields = ["id", "name_key", "entity_id", "sso_url", "metadata_url", "workspace__name"]
    readonly_fields = ["sp_entity_id", "acs_url"]


@admin.register(SigningCertificate)
class SigningCertificateAdmin(ReadOnlyAdmin):
    """Which certificates are trusted, and until when."""

    list_display = ["subject", "identity_provider", "fingerprint", "not_before", "not_after"]
    list_filter = ["not_after", "identity_provider__workspace"]
    list_select_related = ["identity_provider"]
    search_fields = ["subject", "fingerprint", "identity_provider__name_key"]


@admin.register(EnvironmentPolicy)
class EnvironmentPolicyAdmin(ReadOnlyAdmin):
    """The two switches of each environment."""

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

    list_display = ["identity_provider", "environment", "workspace", "is_enabled", "enforcement", "method"]
    list_filter = ["is_enabled", "enforcement", "method", "environment__kind"]
    list_select_related = ["identity_provider", "environment__workspace"]
    search_fields = ["id", "identity_provider__name_key", "environment__name", "environment__workspace__name"]

    @admin.display(ordering="environment__workspace__name")
    def workspace(self, use: EnvironmentProvider) -> str:
        return str(use.environment.workspace)
