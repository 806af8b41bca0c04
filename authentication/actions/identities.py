"""Whom an IdP means: the person of a NameID seen before, else of an address it may speak for (security.md S11)."""

from django.db import IntegrityError

from authentication.models import EnvironmentProvider, IdentityProvider, SamlIdentity
from authentication.policy import SignInPolicy
from authentication.reasons import Reason, Refused
from authentication.saml.assertions import Claims
from authentication.saml.attributes import AssertedProfile
from workspace.db.keys import canonical
from workspace.db.prepared import Prepared
from workspace.models import EndUser
from workspace.tokens import digest_of


def find_person(
    environment_provider: EnvironmentProvider, policy: SignInPolicy, claims: Claims, profile: AssertedProfile
) -> EndUser | None:
    """Return the person of the claims, None if the workspace has none. Raises Refused."""
    linked = _linked.first(*_key(environment_provider, claims).values())
    if linked is None and not profile.email:
        raise Refused(Reason.NO_EMAIL)
    email = linked.end_user.email if linked else profile.email
    if not policy.may_assert(environment_provider, email):
        raise Refused(Reason.FOREIGN_DOMAIN, linked.end_user if linked else None)
    if linked:
        return linked.end_user
    return EndUser.with_email(environment_provider.environment.workspace, email)


def remember(environment_provider: EnvironmentProvider, claims: Claims, end_user: EndUser) -> None:
    """Remember whom the NameID means. A NameID that is the address needs no row: the address finds its owner.

    A second NameID for one person means somebody else who was given that address. Raises Refused then.
    """
    if canonical(claims.name_id) == end_user.email_key:
        return
    key = _key(environment_provider, claims)
    digest = key.pop("name_id_digest")
    try:
        known, _ = SamlIdentity.objects.get_or_create(
            **key, end_user=end_user, defaults={"name_id_digest": digest, "name_id": claims.name_id}
        )
    except IntegrityError:  # another sign-in has just linked the NameID to somebody else
        raise Refused(Reason.IDENTITY_TAKEN, end_user) from None
    if known.name_id_digest != digest:
        raise Refused(Reason.IDENTITY_TAKEN, end_user)


_linked = Prepared(
    lambda provider, namespace, digest: (
        SamlIdentity.objects.filter(identity_provider=provider, namespace=namespace, name_id_digest=digest)
        .select_related("end_user__workspace")
        .order_by()
    ),
    (IdentityProvider, "id"),
    (SamlIdentity, "namespace"),
    (SamlIdentity, "name_id_digest"),
)


def _key(environment_provider: EnvironmentProvider, claims: Claims) -> dict[str, str]:
    """Return the key of a NameID. Another issuer, after the provider was connected to another IdP, is another key."""
    return {
        "identity_provider_id": str(environment_provider.identity_provider_id),
        "namespace": digest_of(f"{claims.issuer}\n{claims.name_id_format}"),
        "name_id_digest": digest_of(claims.name_id),
    }
