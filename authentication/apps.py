"""App configuration."""

from django.apps import AppConfig


class AuthenticationConfig(AppConfig):
    """Identity providers and how end users sign in."""

    name = "authentication"
