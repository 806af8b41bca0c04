"""Paths of the management API, below /api/v1/. The apps above are named as strings only."""

from django.urls import include, path

from workspace.api import administrators, end_users, groups, records, workspaces
from workspace.api.core import documentation

_PERSON, _GROUP = "end-users/<uuid:end_user>", "groups/<uuid:group>"

urlpatterns = [
    path("schema", documentation.schema, name="schema"),
    path("docs", documentation.page, name="docs"),
    path("workspace", workspaces.TheWorkspace.as_view()),
    path("environments", workspaces.Environments.as_view()),
    path("environments/<uuid:environment>", workspaces.OneEnvironment.as_view()),
    path("environments/<uuid:environment>/branding", records.Branding.as_view()),
    path("end-users", end_users.EndUsers.as_view()),
    path("end-users/batch", end_users.ManyEndUsers.as_view()),
    path(_PERSON, end_users.OneEndUser.as_view()),
    path(f"{_PERSON}/deactivate", end_users.Deactivation.as_view()),
    path(f"{_PERSON}/reactivate", end_users.Reactivation.as_view()),
    path(f"{_PERSON}/personal-data", end_users.PersonalData.as_view()),
    path(f"{_PERSON}/add-to-group", groups.AddToGroup.as_view()),
    path(f"{_PERSON}/remove-from-group", groups.RemoveFromGroup.as_view()),
    path("groups", groups.Groups.as_view()),
    path(_GROUP, groups.OneGroup.as_view()),
    path(f"{_GROUP}/members", groups.GroupMembers.as_view()),
    path(f"{_GROUP}/members/remove", groups.RemovedMembers.as_view()),
    path("administrators", administrators.Administrators.as_view()),
    path("administrators/<uuid:administrator>", administrators.OneAdministrator.as_view()),
    path("administrators/invitations", administrators.Invitations.as_view()),
    path("administrators/invitations/<uuid:invitation>", administrators.OneInvitation.as_view()),
    path("audit-events", records.AuditEvents.as_view()),
    path("audit-events/<uuid:event>", records.OneAuditEvent.as_view()),
    path("", include("authentication.api.urls")),
    path("", include("provisioning.api.urls")),
]
