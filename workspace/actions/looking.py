"""What operators look at."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext_lazy, gettext_noop

from workspace.action_names import Action
from workspace.db.keys import first_id_at
from workspace.db.transactions import atomic
from workspace.events import Actor, Sentence, record
from workspace.models import ChangeEvent, Workspace

# Further looks of the same operator within this time are part of the first one.
_ONE_LOOK = timedelta(hours=1)
# What operators look at, as Django names the lists of it.
_LOOKED_AT = {
    gettext_noop("API tokens"),
    gettext_noop("SAML identities"),
    gettext_noop("SSO bypasses"),
    gettext_noop("administrator invitations"),
    gettext_noop("administrators"),
    gettext_noop("authn requests"),
    gettext_noop("branding files"),
    gettext_noop("change events"),
    gettext_noop("change subjects"),
    gettext_noop("consumed messages"),
    gettext_noop("end user groups"),
    gettext_noop("end user sessions"),
    gettext_noop("end users"),
    gettext_noop("environment accesses"),
    gettext_noop("environment policies"),
    gettext_noop("environment providers"),
    gettext_noop("group mappings"),
    gettext_noop("group memberships"),
    gettext_noop("idempotent requests"),
    gettext_noop("identity providers"),
    gettext_noop("imported lines"),
    gettext_noop("login experience drafts"),
    gettext_noop("login experiences"),
    gettext_noop("logout requests"),
    gettext_noop("merged end users"),
    gettext_noop("outgoing mails"),
    gettext_noop("password tickets"),
    gettext_noop("people imports"),
    gettext_noop("provisioned emails"),
    gettext_noop("provisioned groups"),
    gettext_noop("provisioned memberships"),
    gettext_noop("provisioned users"),
    gettext_noop("provisioning connections"),
    gettext_noop("scim requests"),
    gettext_noop("scim tokens"),
    gettext_noop("service provider keys"),
    gettext_noop("sign in attempts"),
    gettext_noop("signing certificates"),
}


@atomic
def note_look(*, workspaces: Collection[UUID], what: str, by: Actor, now: datetime) -> None:
    """Write an event in each workspace at whose data an operator looks, for its owners to see."""
    recent = ChangeEvent.objects.filter(
        workspace_id__in=workspaces, actor_id=by.id, pk__gte=first_id_at(now - _ONE_LOOK)
    )
    noted = recent.filter(action=Action.WORKSPACE_LOOKED_AT).values_list("workspace_id", flat=True)
    if not (new := set(workspaces) - set(noted)):
        return
    word = gettext_lazy(what) if what in _LOOKED_AT else what
    for workspace in Workspace.objects.filter(pk__in=new):
        sentence = Sentence("{by} looked at {what} of {workspace}.", by=by, what=word, workspace=workspace)
        record(by=by, action=Action.WORKSPACE_LOOKED_AT, subject=workspace, workspace=workspace, sentence=sentence)
