"""Who calls, and what the token can see."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.utils import timezone

from workspace.api.core.problems import Problem, wrong
from workspace.db.prepared import Remembering
from workspace.events import Actor
from workspace.models import ApiToken, EndUser, EndUserGroup, Environment, EnvironmentAccess, Workspace
from workspace.models.groups import EndUserGroupQuerySet
from workspace.models.people import EndUserQuerySet
from workspace.models.workspaces import EnvironmentQuerySet
from workspace.scopes import CHANGE, READ
from workspace.tokens import is_proved, prefix_of
from workspace.visits import Visit

_by_prefix = Remembering(
    lambda prefix: ApiToken.objects.filter(prefix=prefix).select_related("workspace").order_by(), (ApiToken, "prefix")
)
_LONGEST_PREFIX = 16


@dataclass(frozen=True)
class Call:
    """One authenticated request. `places` are the ids of the token's environments; None means all, also new ones."""

    token: ApiToken
    by: Actor
    now: datetime
    places: frozenset[UUID] | None = None

    @property
    def workspace(self) -> Workspace:
        return self.token.workspace

    def has(self, noun: str, level: str) -> bool:
        """Say whether the token has a scope. Whoever may change something may read it."""
        return f"{noun}:{level}" in self.token.scopes or (level == READ and f"{noun}:{CHANGE}" in self.token.scopes)

    def environments(self) -> EnvironmentQuerySet:
        found = Environment.objects.filter(workspace=self.workspace)
        return found if self.places is None else found.filter(pk__in=self.places)

    def groups(self) -> EndUserGroupQuerySet:
        return EndUserGroup.objects.filter(environment__in=self.environments())

    def end_users(self) -> EndUserQuerySet:
        """Return the end users of the workspace; for a token of some environments those with access to one of them."""
        found = EndUser.objects.filter(workspace=self.workspace)
        if self.places is None:
            return found
        here = EnvironmentAccess.objects.filter(end_user=OuterRef("pk"), environment__in=self.places)
        return found.filter(Exists(here))

    def environment(self, pk: UUID, field: str) -> Environment:
        """Return the environment that a field names. Raises Problem for one that the token cannot see."""
        return self.all_environments([pk], field)[0]

    def all_environments(self, ids: Collection[UUID], field: str) -> list[Environment]:
        """Return the environments that a field names, each once."""
        known = {each.pk: each for each in self.environments()}
        if any(pk not in known for pk in ids):
            raise wrong(field, "unknown", "There is no environment with this id that this token can see.")
        found = [known[pk] for pk in dict.fromkeys(ids)]
        for each in found:
            each.workspace = self.workspace
        return found

    def group(self, pk: UUID, field: str) -> EndUserGroup:
        """Return the group that a field names. Raises Problem for one that the token cannot see."""
        found = self.groups().select_related("environment__workspace").filter(pk=pk).first()
        if found is None:
            raise wrong(field, "unknown", "There is no group with this id that this token can see.")
        return found

    def refuse_elsewhere(self, person: EndUser) -> None:
        """Raise Problem where a token of some environments would change a person who has access to others too."""
        if self.places is not None and person.accesses.exclude(environment__in=self.places).exists():
            detail = (
                "This person has access to environments that this token is not for. Use a token for all environments."
            )
            raise Problem(403, "other_environments", detail)


def authenticate(request: HttpRequest) -> Call:
    """Return who calls. Raises Problem 401 for anything but a live token of a workspace that is not removed."""
    scheme, _, clear = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "bearer" or not clear.strip():
        raise _unauthorized("Send an API token as Authorization: Bearer <token>.", "Bearer")
    now, token = timezone.now(), _found(clear.strip())
    if token is None or not token.is_live(now) or token.workspace.removed_at:
        raise _unauthorized(
            "This API token is unknown, revoked or expired.", 'Bearer error="invalid_token"', "invalid_token"
        )
    places = None if token.is_everywhere else frozenset(token.environments.values_list("pk", flat=True))
    return Call(token, Actor.api_token(token, Visit.of(request)), now, places)


def _found(clear: str) -> ApiToken | None:
    prefix = prefix_of(clear)
    # PostgreSQL refuses to compare a text with NUL in it.
    token = _by_prefix.first(prefix) if len(prefix) <= _LONGEST_PREFIX and "\0" not in prefix else None
    # Compared also when no token has the prefix, so that an unknown one takes the same time.
    return token if is_proved(clear, token.digest if token else None) else None


def _unauthorized(detail: str, challenge: str, code: str = "no_token") -> Problem:
    return Problem(401, code, detail, headers={"WWW-Authenticate": challenge})
