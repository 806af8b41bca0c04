"""Give names that identity providers push the keys that blanks and unseen characters do not change."""

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models import QuerySet

from provisioning.payload.documents import folded
from provisioning.payload.resources import Group, Model, User
from workspace.db.keys import name_key
from workspace.db.rekeying import give_new_keys


def fill(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    users, groups, mappings = (
        apps.get_model("provisioning", name) for name in ("ProvisionedUser", "ProvisionedGroup", "GroupMapping")
    )
    give_new_keys(users._base_manager.all(), "user_name", "user_name_key", "connection")
    _rekey_groups(groups._base_manager.all(), mappings._base_manager.all())
    _fold(users, User)
    _fold(groups, Group)


def _rekey_groups(groups: "QuerySet[Any]", mappings: "QuerySet[Any]") -> None:
    """Give pushed groups and mappings their keys, so that each mapping follows the same groups as before.

    Where a key of the connection would become one that it has already, or that an older one becomes, it stays.
    """
    moved: dict[tuple[Any, str], str] = {}
    for rows, name, key in ((groups, "display_name", "display_name_key"), (mappings, "name", "name_key")):
        for connection, text, present in rows.order_by("pk").values_list("connection", name, key):
            if present != name_key(text):
                moved.setdefault((connection, name_key(text)), present)
    for (connection, wanted), present in moved.items():
        pushed, mapped = groups.filter(connection=connection), mappings.filter(connection=connection)
        if not pushed.filter(display_name_key=wanted).exists() and not mapped.filter(name_key=wanted).exists():
            pushed.filter(display_name_key=present).update(display_name_key=wanted)
            mapped.filter(name_key=present).update(name_key=wanted)


def _fold(rows: Any, model: Model) -> None:
    """Make the documents for filters anew, and the key of a user's displayName."""
    found = rows._base_manager.values_list("pk", "document", "folded").iterator(chunk_size=2000)
    changed = [(pk, new) for pk, document, old in found if (new := folded(document, model)) != old]
    for pk, new in changed:
        more = {"display_name_key": name_key(new.get("displayname", ""))} if model is User else {}
        rows._base_manager.filter(pk=pk).update(folded=new, **more)


class Migration(migrations.Migration):
    dependencies = [
        ("provisioning", "0007_one_key_for_both_forms_of_a_domain"),
        ("workspace", "0007_one_key_for_a_name"),
    ]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
