"""Environments of a workspace: added, changed, ordered and removed."""

import re
import unicodedata
from uuid import UUID

from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from workspace.action_names import Action
from workspace.actions.read_only import EVERYONE
from workspace.actions.roles import locked_workspace
from workspace.db.keys import name_key
from workspace.db.transactions import atomic, save_unique
from workspace.environment_uses import uses_of
from workspace.events import Actor, Called, Sentence, changed, record
from workspace.models import EndUserGroup, Environment, Workspace
from workspace.names import clean_name
from workspace.refusals import ActionError, ConflictError
from workspace.words import filled, together

MOST = 20
MOST_LETTERS = 50
# What follows a workspace in a URL in place of an environment, and what may follow one day.
RESERVED = frozenset(
    ["account", "api", "environments", "get-started", "new", "removed", "second-factor", "settings", "workspace"]
)
_SLUG_TAKEN = gettext_lazy("Another environment has the short name %(slug)s. Choose another one.")
WRONG_SHORT_NAME = gettext_lazy("Use the letters a to z, digits and single hyphens between them, such as staging-2.")


@atomic
def add_environment(
    *, workspace: Workspace, name: str, slug: str, kind: Environment.Kind, colour: Environment.Colour, by: Actor
) -> Environment:
    """Add an environment after the others. Without a short name it gets one made of its name."""
    found = locked_workspace(workspace)
    known = list(found.environments.all())
    if len(known) >= MOST:
        raise ActionError(
            "too_many",
            _("%(name)s has %(most)s environments. Remove one first.") % {"name": found, "most": MOST},
        )
    environment = create_environment(
        workspace=found,
        name=_clean(name, known),
        slug=_short_name(slug or slugify(name)),
        kind=kind,
        colour=colour,
        position=max((each.position for each in known), default=-1) + 1,
    )
    record(
        by=by,
        action=Action.ENVIRONMENT_CREATED,
        subject=environment,
        environment=environment,
        sentence=Sentence("{by} added the environment {environment}.", by=by, environment=environment),
        concerns=[found],
        after=_state(environment) | {"short_name": environment.slug},
    )
    return environment


def create_environment(
    *, workspace: Workspace, name: str, slug: str, kind: str, colour: str, position: int
) -> Environment:
    """Create an environment with its group Everyone. The caller records it."""
    environment = Environment(workspace=workspace, name=name, slug=slug, kind=kind, colour=colour, position=position)
    taken = filled(_SLUG_TAKEN, {"slug": slug})
    save_unique(environment, lambda error: ConflictError("short_name_taken", taken, field="slug"))
    EndUserGroup.objects.create(environment=environment, name=EVERYONE, is_everyone=True)
    return environment


@atomic
def change_environment(
    *, environment: Environment, name: str, kind: Environment.Kind, colour: Environment.Colour, by: Actor
) -> bool:
    """Change name, kind and colour, and say whether something differs. The short name stays: URLs contain it."""
    workspace = locked_workspace(environment.workspace)
    found = _as_of_now(workspace, environment.pk)
    before, old_name = _state(found), found.name
    found.name = _clean(name, [each for each in workspace.environments.all() if each != found], known=old_name)
    found.kind, found.colour = kind, colour
    after = _state(found)
    if before == after:
        return False
    found.save()
    renamed = gettext_noop("{by} renamed the environment {before} to {environment}.")
    record(
        by=by,
        action=Action.ENVIRONMENT_CHANGED,
        subject=found,
        environment=found,
        sentence=Sentence(
            renamed if found.name != old_name else gettext_noop("{by} changed the environment {environment}."),
            by=by,
            before=Called(found, old_name),
            environment=found,
        ),
        concerns=[workspace],
        before=changed(before, after),
        after=changed(after, before),
    )
    return True


@atomic
def move_environment(*, environment: Environment, is_up: bool, by: Actor) -> bool:
    """Move an environment one place up or down, and say whether it had such a place."""
    workspace = locked_workspace(environment.workspace)
    _as_of_now(workspace, environment.pk)
    rows = list(workspace.environments.all())
    before, at = [row.name for row in rows], rows.index(environment)
    to = at - 1 if is_up else at + 1
    if not 0 <= to < len(rows):
        return False
    rows[at], rows[to] = rows[to], rows[at]
    for position, row in enumerate(rows):
        row.position = position
    Environment.objects.bulk_update(rows, ["position"])
    record(
        by=by,
        action=Action.ENVIRONMENT_MOVED,
        subject=environment,
        environment=environment,
        sentence=Sentence(
            gettext_noop("{by} moved the environment {environment} up.")
            if is_up
            else gettext_noop("{by} moved the environment {environment} down."),
            by=by,
            environment=environment,
        ),
        concerns=[workspace],
        before={"order": before},
        after={"order": [row.name for row in rows]},
    )
    return True


@atomic
def remove_environment(*, environment: Environment, by: Actor) -> None:
    """Remove an environment that nothing uses. Its groups, sign-in attempts and settings go with it."""
    workspace = locked_workspace(environment.workspace)
    found = _as_of_now(workspace, environment.pk)
    if obstacle := why_it_stays(found):
        raise ActionError("in_use", obstacle)
    record(
        by=by,
        action=Action.ENVIRONMENT_REMOVED,
        subject=found,
        workspace=workspace,
        sentence=Sentence("{by} removed the environment {environment}.", by=by, environment=found.name),
        concerns=[workspace],
        before=_state(found) | {"short_name": found.slug},
    )
    found.delete()


def why_it_stays(environment: Environment) -> str:
    """Return why an environment cannot be removed; empty if it can."""
    if environment.workspace.environments.count() == 1:
        return _("%(environment)s is the only environment of %(workspace)s. Add another one first.") % {
            "environment": environment,
            "workspace": environment.workspace,
        }
    if uses := uses_of(environment):
        return _("%(environment)s still has %(uses)s. Remove them first.") % {
            "environment": environment,
            "uses": together(uses),
        }
    return ""


def _as_of_now(workspace: Workspace, pk: UUID) -> Environment:
    # The lock of the row makes a new access or provider wait, whose foreign key refers to it.
    found = workspace.environments.select_for_update().filter(pk=pk).first()
    if found is None:
        raise ActionError("no_environment", _("This environment was removed meanwhile."))
    found.workspace = workspace
    return found


def _clean(name: str, others: list[Environment], known: str = "") -> str:
    clean = clean_name(name, what=_("name"), missing=_("Enter a name."), most=MOST_LETTERS, known=known)
    if name_key(clean) in {name_key(each.name) for each in others}:
        raise ConflictError("name_taken", _("Another environment has this name. Choose another one."), field="name")
    return clean


def _short_name(text: str) -> str:
    slug = unicodedata.normalize("NFKC", text).strip().lower()
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug):
        raise ActionError("wrong_short_name", WRONG_SHORT_NAME, field="slug")
    if len(slug) > MOST_LETTERS:
        raise ActionError(
            "long_short_name",
            _("Shorten it to at most %(number)s characters.") % {"number": MOST_LETTERS},
            field="slug",
        )
    if slug in RESERVED:
        raise ActionError(
            "reserved",
            _("%(slug)s is reserved for a page of ours. Choose another short name.") % {"slug": slug},
            field="slug",
        )
    return slug


def _state(environment: Environment) -> dict[str, object]:
    return {"name": environment.name, "kind": str(environment.kind), "colour": str(environment.colour)}
