"""Tells how to use the demo: as text for people, as data for scripts."""

from django.conf import settings

from authentication.models import EnvironmentProvider
from provisioning.demo import practice
from provisioning.demo.passwords import password
from provisioning.demo.seed import ACME, GLOBEX, OPERATOR
from provisioning.models import ProvisioningConnection
from workspace import crypto
from workspace.models import Administrator, EndUser, Environment

_SLUGS = [ACME, GLOBEX]


def as_data() -> dict[str, object]:
    """Return everything that a script needs to use the demo, with passwords and tokens in clear."""
    return {
        "origin": settings.ORIGIN,
        "practice_idp": _practice_idp(),
        "operator": {"email": OPERATOR, "password": password(OPERATOR)},
        "administrators": _administrators(),
        "environments": _environments(),
        "end_users": _end_users(),
        "people": _people(),
    }


def as_text() -> str:
    """Return where to start, and with which account."""
    owner = f"owner@{ACME}.example"
    idp = practice.origin()
    return "\n".join(
        [
            "",
            f"  Workspace admin   {settings.ORIGIN}/",
            f"    email           {owner}",
            f"    password        {password(owner)}",
            f"  Operators         {settings.ORIGIN}/operator/",
            f"    email           {OPERATOR}",
            f"    password        {password(OPERATOR)}",
            *([f"  Practice IdP      {idp}/   (started by `make run`: signs in anyone)"] if idp else []),
            "  All accounts, Base URLs and SCIM tokens: .venv/bin/python manage.py demo --json",
            "",
        ]
    )


def scim_access(connection: ProvisioningConnection) -> dict[str, str] | None:
    """Return what an IdP needs to push, or None if no token can be shown."""
    token = connection.tokens.live().exclude(sealed="").first()
    return {"base_url": connection.base_url, "token": crypto.unseal(token.sealed)} if token else None


def _practice_idp() -> dict[str, str] | None:
    """Return where the practice IdP runs and what it signs with, or None where it must not run."""
    origin = practice.origin()
    return {"origin": origin, "key_file": str(practice.key_file().absolute())} if origin else None


def _administrators() -> list[dict[str, str]]:
    administrators = Administrator.objects.filter(workspace__slug__in=_SLUGS).select_related("workspace", "user")
    return [
        {
            "workspace": administrator.workspace.slug,
            "role": administrator.role,
            "email": administrator.user.email,
            "password": password(administrator.user.email),
        }
        for administrator in administrators.order_by("workspace__slug", "created_at")
        if administrator.user.check_password(password(administrator.user.email))
    ]


def _environments() -> list[dict[str, object]]:
    environments = Environment.objects.filter(workspace__slug__in=_SLUGS).select_related("workspace")
    return [
        {
            "workspace": environment.workspace.slug,
            "slug": environment.slug,
            "sign_in_url": f"{settings.ORIGIN}/sign-in/{environment.workspace.slug}/{environment.slug}/",
            "providers": [_provider(use) for use in environment.providers.listed().select_related("connection")],
        }
        for environment in environments.order_by("workspace__slug", "position")
    ]


def _provider(use: EnvironmentProvider) -> dict[str, object]:
    provider = use.identity_provider
    connection = getattr(use, "connection", None)
    return {
        "id": str(provider.pk),
        "name": provider.name,
        "state": use.state,
        "entity_id": provider.entity_id,
        "sso_url": provider.sso_url,
        "acs_url": provider.acs_url,
        "sp_entity_id": provider.sp_entity_id,
        "sp_slo_url": provider.sp_slo_url,
        "sp_metadata_url": provider.sp_entity_id,  # the metadata is served at the entity ID
        "method": use.method,
        "scim": scim_access(connection) if connection and connection.is_enabled else None,
    }


def _end_users() -> list[dict[str, str]]:
    """Return the end users with a password."""
    emails = EndUser.objects.filter(workspace__slug__in=_SLUGS).exclude(password="").values_list("email", flat=True)
    return [{"email": email, "password": password(email)} for email in emails]


def _people() -> list[dict[str, object]]:
    """Return all end users with their groups, for the practice IdP."""
    people = EndUser.objects.filter(workspace__slug__in=_SLUGS).select_related("workspace")
    return [
        {
            "workspace": person.workspace.slug,
            "email": person.email,
            "name": person.full_name,
            "groups": sorted({membership.group.name for membership in person.memberships.all()}),
        }
        for person in people.prefetch_related("memberships__group")
    ]
