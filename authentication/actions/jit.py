"""Just-in-time provisioning: a sign-in through an identity provider creates people or gives them access."""

from dataclasses import dataclass

from django.utils.translation import gettext_noop as _

from authentication.actions.sign_in import why_not
from authentication.models import EnvironmentProvider
from authentication.provenance import actor_of, source_of
from authentication.reasons import Reason, Refused
from authentication.saml.attributes import AssertedProfile
from workspace.actions.end_users import create_end_user, link_end_user
from workspace.db.keys import name_key
from workspace.isolation import isolated, without_controls
from workspace.models import EndUser
from workspace.names import cut_name
from workspace.profile import Profile
from workspace.refusals import ActionError, ConflictError
from workspace.visits import Visit

Method = EnvironmentProvider.Method
MAX_SENT = 100
WAS_SENT = _("%(refusal)s “%(sent)s” was sent.")


@dataclass(frozen=True)
class Welcomed:
    """Somebody whom the provisioning method lets in, and whether the sign-in created them or gave them access."""

    end_user: EndUser
    is_new: bool = False
    is_let_in: bool = False


def welcome(
    environment_provider: EnvironmentProvider, known: EndUser | None, profile: AssertedProfile, visit: Visit
) -> Welcomed:
    """Let the person in. Under JIT, create them or give them access if need be. Raises Refused."""
    if known is None:
        if environment_provider.method != Method.JIT:
            raise Refused(Reason.NOT_PROVISIONED)
        return _create(environment_provider, profile, visit)
    reason = why_not(known, environment_provider.environment)
    if reason == Reason.NO_ACCESS and environment_provider.method == Method.JIT:
        return _let_in(environment_provider, known, visit)
    if reason:
        raise Refused(reason, known)
    return Welcomed(known)


def _create(environment_provider: EnvironmentProvider, profile: AssertedProfile, visit: Visit) -> Welcomed:
    environment, name = environment_provider.environment, _name(profile)
    try:
        end_user = create_end_user(
            workspace=environment.workspace,
            profile=Profile(name, profile.email, source_of(environment_provider)),
            environments=[environment],
            source=source_of(environment_provider),
            by=actor_of(environment_provider, visit),
        )
    except ConflictError:
        # SCIM or another tab created the same person a moment ago.
        known = EndUser.with_email(environment.workspace, profile.email)
        if known is None:
            raise
        return welcome(environment_provider, known, profile, visit)
    except ActionError as error:
        sent = profile.email if error.field == "email" else name
        raise Refused(
            Reason.UNUSABLE_PROFILE, notes=[WAS_SENT % {"refusal": error.message, "sent": isolated(sent[:MAX_SENT])}]
        ) from None
    return Welcomed(end_user, is_new=True)


def _name(profile: AssertedProfile) -> str:
    """Return the full name. Nobody needs its bidirectional controls or its end, so they refuse no sign-in."""
    name = cut_name(without_controls(profile.name))
    return name if name_key(name) else profile.email


def _let_in(environment_provider: EnvironmentProvider, known: EndUser, visit: Visit) -> Welcomed:
    """Give access to a person of the workspace who has none here. The profile stays as it is."""
    link_end_user(
        end_user=known,
        profile=Profile(known.full_name, known.email, source_of(environment_provider)),
        environment=environment_provider.environment,
        source=source_of(environment_provider),
        by=actor_of(environment_provider, visit),
    )
    return Welcomed(known, is_let_in=True)
