"""Django admin for operators: Django imports this package, and the modules register their pages."""

from workspace.admin import accounts, people, records, second_factors, workspaces

__all__ = ["accounts", "people", "records", "second_factors", "workspaces"]
