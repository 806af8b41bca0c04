"""App configuration."""

from django.apps import AppConfig


class AuthenticationConfig(AppConfig):
    """Identity providers and how end users sign in."""

    name = "authentication"

    def ready(self) -> None:
        """Register the pages that sentences link to."""
        from authentication.views import subjects  # noqa: F401
