"""The everyday sign-in: somebody who may enter and is in the groups that the assertion names.

It is asked for by few statements and stored by one. It only says yes: whatever else there may be to do or to refuse is
left to the whole way, before anything is written.
"""

from datetime import datetime

from django.conf import settings
from django.db import IntegrityError
from django.db.models import Exists, F, OuterRef, Q, Subquery, UUIDField
from django.utils import translation

from authentication.actions.arrivals import Arrival, arrive
from authentication.actions.group_sync import MAX_GROUPS, GroupChanges
from authentication.actions.identities import key_of
from authentication.actions.jit import Welcomed
from authentication.actions.notes import notes_on
from authentication.models import AuthnRequest, ConsumedMessage, EnvironmentProvider, IdentityProvider, SamlIdentity
from authentication.policy import SignInPolicy
from authentication.provenance import source_of
from authentication.records import people_by_record
from authentication.saml.assertions import Claims
from authentication.saml.attributes import AssertedProfile, pick_profile
from workspace.db.keys import canonical, name_key
from workspace.db.lists import ListOf
from workspace.db.prepared import Prepared
from workspace.db.together import Write
from workspace.db.transactions import apart
from workspace.isolation import without_controls
from workspace.models import EndUser, EndUserGroup, Environment, EnvironmentAccess, GroupMembership, Workspace
from workspace.visits import Visit


def sign_in_unchanged(request: AuthnRequest, claims: Claims, visit: Visit, now: datetime) -> Arrival | None:
    """Sign in where nothing but the sign-in itself has to be stored. None where the whole way has to decide."""
    asked = request.environment_provider
    policy = SignInPolicy.of(asked.environment)
    use = policy.provider(asked.identity_provider_id)
    if use is None:
        return None
    use.environment = asked.environment
    profile = pick_profile(claims, use.identity_provider.attribute_names)
    person = _known(use, policy, claims, profile)
    if person is None:
        return None
    with translation.override(settings.LANGUAGE_CODE):  # the notes are stored
        notes = notes_on(use, claims, profile, Welcomed(person), GroupChanges())
    once = [AuthnRequest.objects.used_up(request.pk, now), _consumed(use, claims)]
    try:
        with apart():
            arrival = arrive(request, use, person, notes, claims, visit, now, before=once)
    except IntegrityError:  # a replay, or somebody has just removed what it refers to
        return None
    return arrival if arrival.token else None


def _known(use: EnvironmentProvider, policy: SignInPolicy, claims: Claims, profile: AssertedProfile) -> EndUser | None:
    """Return the person of the claims, if nothing is to be remembered of them and they may enter as they are."""
    workspace, source = use.environment.workspace, source_of(use)
    key, email = key_of(use, claims).values(), canonical(profile.email)
    found = _people(*key, workspace.pk, email, use.environment_id, source.kind, source.id)
    linked = next((each for each in found if each.pk == vars(each)["linked"]), None)
    person = linked or next((each for each in found if _is_named(each, use, claims)), None)
    if person is None or not (person.is_active and vars(person)["has_access"]):
        return None
    believed = [person.email] if linked else [profile.email, person.email]
    if not all(policy.may_assert(use, each) for each in believed if each):
        return None
    person.workspace = workspace
    return person if _is_in_these(use, profile, vars(person)["held"]) else None


def _is_named(person: EndUser, use: EnvironmentProvider, claims: Claims) -> bool:
    """Say whether the NameID means the person of the address: it is the address, or stands in the IdP's record."""
    recorded = people_by_record(use, claims.name_id)
    return recorded == [person] or (not recorded and canonical(claims.name_id) == person.email_key)


def _is_in_these(use: EnvironmentProvider, profile: AssertedProfile, held: list[str]) -> bool:
    """Say whether the groups that the provider gave, by their keys, are those of the assertion."""
    if profile.groups is None or not use.follows_groups:
        return True
    return len(profile.groups) <= MAX_GROUPS and {name_key(without_controls(each)) for each in profile.groups} == set(
        held
    )


def _consumed(use: EnvironmentProvider, claims: Claims) -> Write:
    return ConsumedMessage.objects.consumed(
        use.identity_provider_id, ConsumedMessage.Kind.ASSERTION, claims.assertion_id, claims.assertion_not_on_or_after
    )


_people = Prepared(
    lambda provider, namespace, digest, workspace, email, environment, kind, source: (
        EndUser.objects.annotate(
            linked=Subquery(
                SamlIdentity.objects.filter(
                    identity_provider=provider, namespace=namespace, name_id_digest=digest
                ).values("end_user"),
                output_field=UUIDField(),
            ),
            has_access=Exists(EnvironmentAccess.objects.filter(environment=environment, end_user=OuterRef("pk"))),
            held=ListOf(
                EndUserGroup.objects.filter(
                    environment=environment,
                    memberships__end_user=OuterRef("pk"),
                    memberships__source_kind=kind,
                    memberships__source_id=source,
                ),
                "name_key",
            ),
        )
        .filter(Q(pk=F("linked")) | Q(workspace=workspace, email_key=email))
        .order_by()
    ),
    (IdentityProvider, "id"),
    (SamlIdentity, "namespace"),
    (SamlIdentity, "name_id_digest"),
    (Workspace, "id"),
    (EndUser, "email_key"),
    (Environment, "id"),
    (GroupMembership, "source_kind"),
    (GroupMembership, "source_id"),
)
