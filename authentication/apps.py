"""App configuration."""

from django.apps import AppConfig


class AuthenticationConfig(AppConfig):
    """Identity providers and how end users sign in."""

    name = "authentication"

    def ready(self) -> None:
        """Register the pages that sentences link to, what a merge moves, what keeps an environment, and jobs."""
        from authentication import jobs  # noqa: F401
        from authentication.actions import environments, merging  # noqa: F401
        from authentication.views import subjects  # noqa: F401
