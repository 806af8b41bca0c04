"""System checks of the demo."""

from collections.abc import Sequence

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Tags, register

from provisioning.demo import practice


@register(Tags.security)
def practice_idp_stays_at_home(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    """Refuse a public ORIGIN if the demo's providers trust the practice IdP, which signs in anyone."""
    if practice.origin() or not practice.key_file().exists():
        return []
    return [
        Error(
            "ORIGIN is public, but the demo of this installation trusts the practice IdP, which signs in anyone.",
            hint=f"In production, use another DATA_DIR and database. Or delete {practice.key_file()}: "
            "then nobody can sign in through the demo's identity providers.",
            id="provisioning.E001",
        )
    ]
