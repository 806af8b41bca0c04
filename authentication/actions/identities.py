"""Whom an IdP means: the person of a NameID seen before, of its own record, or of an address (security.md S11)."""

from django.db import IntegrityError

from authentication.models import EnvironmentProvider, IdentityProvider, SamlIdentity
from authentication.policy import SignInPolicy
from authentication.reasons import Reason, Refused
from authentication.records import people_by_record
from authentication.saml.assertions import Claims
from authentication.saml.attributes import AssertedProfile
from workspace.db.keys import canonical
from workspace.db.prepared import Prepared
from workspace.models import EndUser, Workspace
from workspace.tokens import digest_of


def find_person(
    environment_provider: EnvironmentProvider, policy: SignInPolicy, claims: Claims, profile: AssertedProfile
) -> EndUser | None:
    """Return the person of the claims, None if the workspace has none. Raises Refused.

    Whoever is known by NameID needs no address. One that the person has must be the provider's to assert.
    """
    linked = _linked.first(*key_of(environment_provider, claims).values())
    known = linked.end_user if linked else _recorded(environment_provider, claims)
    if known is None and not profile.email:
        raise Refused(Reason.NO_EMAIL)
    if known is None:
        _check_domain(environment_provider, policy, profile.email, None)
        workspace = environment_provider.environment.workspace
        known = EndUser.with_email(workspace, profile.email) or _merged(workspace, profile.email)
    if known and known.email:
        _check_domain(environment_provider, policy, known.email, known)
    return known


def remember(environment_provider: EnvironmentProvider, claims: Claims, end_user: EndUser) -> None:
    """Remember whom the NameID means, unless it is the address or stands in the IdP's record: these find the person.

    A second NameID for one person means somebody else who was given that address. Raises Refused then.
    """
    key = key_of(environment_provider, claims)
    if _is_found(environment_provider, claims, end_user, key):
        return
    digest = key.pop("name_id_digest")
    try:
        known, _ = SamlIdentity.objects.get_or_create(
            **key, end_user=end_user, is_second=False, defaults={"name_id_digest": digest, "name_id": claims.name_id}
        )
    except IntegrityError:  # another sign-in has just linked the NameID to somebody else
        raise Refused(Reason.IDENTITY_TAKEN, end_user) from None
    if known.name_id_digest != digest:
        raise Refused(Reason.IDENTITY_TAKEN, end_user)


def _is_found(
    environment_provider: EnvironmentProvider, claims: Claims, end_user: EndUser, key: dict[str, str]
) -> bool:
    """Say whether the NameID means the person without another row."""
    address = canonical(claims.name_id)
    if address == end_user.email_key:
        return True
    linked = _linked.first(*key.values())
    if linked:
        return linked.end_user == end_user
    return (
        end_user in people_by_record(environment_provider, claims.name_id)
        or end_user.merged.filter(email_key=address).exists()
    )


def _check_domain(
    environment_provider: EnvironmentProvider, policy: SignInPolicy, email: str, known: EndUser | None
) -> None:
    if not policy.may_assert(environment_provider, email):
        raise Refused(Reason.FOREIGN_DOMAIN, known)


def _merged(workspace: Workspace, email: str) -> EndUser | None:
    """Return the person who got the address by a merge."""
    return workspace.end_users.formerly_with(email).select_related("workspace").first()


def _recorded(environment_provider: EnvironmentProvider, claims: Claims) -> EndUser | None:
    """Return the person whose record has the NameID. Raises Refused if it is not one person alone."""
    people = people_by_record(environment_provider, claims.name_id)
    if len(people) > 1:
        raise Refused(Reason.AMBIGUOUS_NAME_ID)
    return people[0] if people else None


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


def key_of(environment_provider: EnvironmentProvider, claims: Claims) -> dict[str, str]:
    """Return the key of a NameID. Another issuer, after the provider was connected to another IdP, is another key."""
    return {
        "identity_provider_id": str(environment_provider.identity_provider_id),
        "namespace": digest_of(f"{claims.issuer}\n{claims.name_id_format}"),
        "name_id_digest": digest_of(claims.name_id),
    }
