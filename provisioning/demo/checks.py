"""What must not be in production."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register

from provisioning.demo import practice


@register(Tags.security)
def practice_idp_stays_at_home(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Refuse a public origin where the demo's providers trust the practice IdP, which signs in anybody."""
    if practice.origin() is not None or not practice.key_file().exists():
        return []
    return [
        Error(
            "The demo of this installation trusts the practice IdP, which signs in anybody, but ORIGIN is public.",
            hint=f"Use another DATA_DIR and database in production, or delete {practice.key_file()}: "
            "then nobody can sign in through the demo's identity providers.",
            id="provisioning.E001",
        )
    ]
