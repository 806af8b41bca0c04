"""Django admin for operators: Django imports this package, and the modules register their pages."""

from workspace.admin import accounts, imports, login_experience, people, records, second_factors, workspaces

__all__ = ["accounts", "imports", "login_experience", "people", "records", "second_factors", "workspaces"]
