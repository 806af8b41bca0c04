"""App configuration."""

from django.apps import AppConfig


class AuthenticationConfig(AppConfig):
    """Identity providers and how end users sign in."""

    name = "authentication"

    def ready(self) -> None:
        """Register what this app does with people and keeps of environments, the pages of sentences, and jobs."""
        # Before anything imports pysaml2's signatures.
        from authentication import lazy_requests, lazy_schemas

        lazy_schemas.install()
        lazy_requests.install()

        from authentication import field_words, health, jobs  # noqa: F401
        from authentication.actions import bulk_invitation, environments, erasing, merging  # noqa: F401
        from authentication.views import first_steps, offers, subjects  # noqa: F401
