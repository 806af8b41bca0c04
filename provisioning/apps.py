"""App configuration."""

from django.apps import AppConfig


class ProvisioningConfig(AppConfig):
    """SCIM connections and what identity providers did through them."""

    name = "provisioning"

    def ready(self) -> None:
        """Register the checks, what a merge moves, what keeps an environment, whom a sign-in means, pages and jobs."""
        from provisioning import field_words, health, jobs  # noqa: F401
        from provisioning.actions import environments, erasing, merging  # noqa: F401
        from provisioning.demo import checks  # noqa: F401
        from provisioning.search import sign_in  # noqa: F401
        from provisioning.views import first_steps, subjects  # noqa: F401
