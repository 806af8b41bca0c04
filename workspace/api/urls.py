"""Paths of the management API, below /api/v1/."""

from django.urls import path

from workspace.api import workspaces
from workspace.api.core import documentation

app_name = "api"

urlpatterns = [
    path("schema", documentation.schema, name="schema"),
    path("docs", documentation.page, name="docs"),
    path("workspace", workspaces.TheWorkspace.as_view(), name="workspace"),
    path("environments", workspaces.Environments.as_view(), name="environments"),
    path("environments/<uuid:environment>", workspaces.OneEnvironment.as_view(), name="environment"),
]
