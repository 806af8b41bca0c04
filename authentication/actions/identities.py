"""Whom an IdP means: by the NameID of earlier times, else by an address that it may speak for (security.md S11)."""

from django.db import IntegrityError

from authentication.models import EnvironmentProvider, IdentityProvider, SamlIdentity
from authentication.policy import SignInPolicy, domain_key
from authentication.reasons import Reason, Refused
from authentication.saml.assertions import Claims
from authentication.saml.attributes import AssertedProfile
from workspace.db.keys import canonical
from workspace.db.prepared import Prepared
from workspace.models import EndUser
from workspace.tokens import digest_of

Enforcement = EnvironmentProvider.Enforcement


def find_person(
    environment_provider: EnvironmentProvider, policy: SignInPolicy, claims: Claims, profile: AssertedProfile
) -> EndUser | None:
    """The person of the claims, if the workspace has them."""
    linked = _linked.first(*_key(environment_provider, claims).values())
    if linked is None and not profile.email:
        raise Refused(Reason.NO_EMAIL)
    email = linked.end_user.email if linked else profile.email
    if not may_assert(environment_provider, policy, email):
        raise Refused(Reason.FOREIGN_DOMAIN, linked.end_user if linked else None)
    if linked:
        return linked.end_user
    return EndUser.with_email(environment_provider.environment.workspace, email)


def may_assert(environment_provider: EnvironmentProvider, policy: SignInPolicy, email: str) -> bool:
    """Whether the provider may speak for an address: one of selected domains for those alone, any other for the rest.

    So a second IdP of the environment cannot say to be somebody of a domain that was given to the first.
    """
    domain = domain_key(canonical(email).rpartition("@")[2])
    if environment_provider.enforcement == Enforcement.SELECTED_DOMAINS:
        return domain in map(domain_key, environment_provider.domain_names)
    return not any(
        domain in map(domain_key, other.domain_names)
        for other in policy.providers
        if other.pk != environment_provider.pk
    )


def remember(environment_provider: EnvironmentProvider, claims: Claims, end_user: EndUser) -> None:
    """Keep whom the NameID means, unless it is the address: addresses are given away again, and found anyway.

    A second NameID for one person is somebody else with a recycled address.
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
    """What a NameID is kept under: another issuer, after the provider was led to another IdP, means somebody else."""
    return {
        "identity_provider_id": str(environment_provider.identity_provider_id),
        "namespace": digest_of(f"{claims.issuer}\n{claims.name_id_format}"),
        "name_id_digest": digest_of(claims.name_id),
    }
