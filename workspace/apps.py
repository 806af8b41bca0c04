"""App configurations of the main app and of the operators' admin site."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.db.backends.signals import connection_created

from workspace.db.waiting import wait_evenly


class WorkspaceConfig(AppConfig):
    """Workspaces, people, groups and the record of every change."""

    name = "workspace"

    def ready(self) -> None:
        """Make every new connection to SQLite ask for the write lock evenly, and register what this app does."""
        from workspace import installation_health, jobs  # noqa: F401
        from workspace.actions import bulk_changes, erasing, merging  # noqa: F401

        connection_created.connect(wait_evenly)


class OperatorConfig(AdminConfig):
    """Django admin for the staff of the whole installation."""

    default_site = "workspace.operator_site.OperatorSite"
