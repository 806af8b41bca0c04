"""App configurations of the main app and of the operators' admin site."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class WorkspaceConfig(AppConfig):
    """Workspaces, people, groups and the record of every change."""

    name = "workspace"


class OperatorConfig(AdminConfig):
    """Django admin for the staff of the whole installation."""

    default_site = "workspace.operator_site.OperatorSite"
