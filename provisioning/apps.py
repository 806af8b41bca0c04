"""App configuration."""

from django.apps import AppConfig


class ProvisioningConfig(AppConfig):
    """SCIM connections and what identity providers did through them."""

    name = "provisioning"

    def ready(self) -> None:
        """Register the checks and the pages that sentences link to; both read models of several apps."""
        from provisioning.demo import checks  # noqa: F401
        from provisioning.views import subjects  # noqa: F401
