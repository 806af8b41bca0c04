"""App configuration."""

from django.apps import AppConfig


class ProvisioningConfig(AppConfig):
    """SCIM connections and what identity providers did through them."""

    name = "provisioning"

    def ready(self) -> None:
        """Register the checks; they read the models of other apps."""
        from provisioning.demo import checks  # noqa: F401
