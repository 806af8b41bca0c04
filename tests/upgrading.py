"""An upgrade of a database with rows, and a rollback of the code: python -m tests.upgrading

It fills the empty database that the environment names with rows of an older release, upgrades it, and prints as JSON
what the newest code answers. Models of the older release are made of its migrations: they are what its code reads and
writes.
"""

import json
import os
import sys
from collections.abc import Callable
from itertools import count
from typing import Any
from uuid import uuid4

import django

# The migrations of the release to upgrade from: before several machines and the management API.
BEFORE = [
    ("workspace", "0025_themes_and_new_addresses"),
    ("authentication", "0021_typed_addresses"),
    ("provisioning", "0010_count_failed_requests"),
]
APPS = {app for app, _ in BEFORE}
# Keys of a node, with which these rows were not sealed, and counts that triggers keep.
_LEFT_OUT = {"KeyRing", "ResourceCount"}
_numbers = count(1)


class Filling:
    """Makes a row of every model of a release, with what its columns require and a mark in every text."""

    def __init__(self, apps: Any, mark: str, chosen: dict[str, dict[str, object]]) -> None:
        self.mark, self.chosen = mark, chosen
        self.models = [
            each for each in apps.get_models() if each._meta.app_label in APPS and each.__name__ not in _LEFT_OUT
        ]
        self.rows: dict[str, Any] = {}

    def fill(self) -> None:
        for model in self.models:
            self.row(model)

    def row(self, model: Any) -> Any:
        if (name := model.__name__) not in self.rows:
            values = {field.name: self._value(field) for field in model._meta.local_fields if _is_required(field)}
            self.rows[name] = model.objects.create(**(values | self.chosen.get(name, {})))
        return self.rows[name]

    def _value(self, field: Any) -> object:
        from django.utils import timezone

        if field.remote_field:
            return self.row(field.related_model)
        if field.choices:
            return field.choices[0][0]
        kinds: dict[str, Callable[[], object]] = {
            "UUIDField": uuid4,
            "DateTimeField": timezone.now,
            "JSONField": list,
            "BinaryField": self.mark.encode,
        }
        if field.empty_strings_allowed and field.get_internal_type() not in kinds:
            return f"{self.mark} {field.name}"[: field.max_length]
        return kinds.get(field.get_internal_type(), lambda: next(_numbers))()

    def contents(self) -> dict[str, Any]:
        """Return every row of every model, by the columns of its release."""
        return {each.__name__: list(each.objects.order_by("pk").values()) for each in self.models}


def _is_required(field: Any) -> bool:
    is_filled = field.null or field.has_default() or (field.blank and field.empty_strings_allowed)
    return not (is_filled or getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False))


def upgrade() -> dict[str, object]:
    """Fill the older release, upgrade, and ask old and new code for the rows."""
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    from workspace.tokens import new_bearer_token

    MigrationExecutor(connection).migrate(BEFORE)
    old = MigrationExecutor(connection).loader.project_state(BEFORE).apps
    token = new_bearer_token("scim")
    first = Filling(old, "old", _chosen("acme", token))
    first.fill()
    before = first.contents()
    call_command("migrate", verbosity=0)
    changed = [name for name, rows in first.contents().items() if rows != before[name]]
    answers = _answers(first.rows, token.clear)
    # Code of the older release goes on writing, beside the newest or after a rollback.
    Filling(old, "late", _chosen("globex", new_bearer_token("scim"))).fill()
    return {"models": len(before), "changed": changed, "answers": answers}


def _chosen(slug: str, token: Any) -> dict[str, dict[str, object]]:
    """Return what must fit together so that pages and SCIM show the rows."""
    name, workspace = f"{slug} person", uuid4()
    return {
        "Workspace": {"id": workspace, "slug": slug},
        "ChangeEvent": {"workspace_id": workspace},
        "Environment": {"slug": "dev", "kind": "dev"},
        "User": {"email": f"owner@{slug}.example", "email_key": f"owner@{slug}.example"},
        "Administrator": {"role": "owner"},
        "EndUser": {"full_name": name, "name_key": name},
        "EndUserGroup": {"name": f"{slug} group", "name_key": f"{slug} group"},
        "EnvironmentProvider": {"method": "scim", "is_method_chosen": True},
        "ProvisioningConnection": {"is_enabled": True},
        "ProvisionedUser": {"user_name": name, "user_name_key": name, "document": {"userName": name}},
        "ScimToken": {"prefix": token.prefix, "digest": token.digest},
    }


def _answers(rows: dict[str, Any], token: str) -> dict[str, tuple[int, str]]:
    """Return status and content of pages and of SCIM."""
    from django.test import Client

    from workspace.models import User

    browser = Client()
    browser.force_login(User.objects.get(email="owner@acme.example"))
    pages = ["end-users", "groups", "authentication", "audit-log"]
    answers = {page: browser.get(f"/workspaces/acme/dev/{page}/") for page in pages}
    scim = f"/scim/{rows['ProvisioningConnection'].pk}/v2/Users"
    answers["Users"] = Client().get(scim, headers={"Authorization": f"Bearer {token}"})
    return {name: (answer.status_code, answer.content.decode()) for name, answer in answers.items()}


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "workspace.settings")
    django.setup()
    json.dump(upgrade(), sys.stdout)
