"""App configuration."""

from django.apps import AppConfig


class ProvisioningConfig(AppConfig):
    """SCIM connections and what identity providers did through them."""

    name = "provisioning"
