"""Keys of names that were stored before keys were made as they are now. Migrations use it."""

from typing import Any

from django.db.models import QuerySet

from workspace.db.keys import name_key


def give_new_keys(rows: "QuerySet[Any]", name: str, key: str, scope: str = "") -> None:
    """Give rows the keys of their names. `scope` is the column in which a key is unique; without one it is not.

    A row keeps its key where another row of its scope has the new one already, or is older and gets it.
    """
    found = rows.order_by("pk").values_list("pk", name, key, scope or "pk").iterator(chunk_size=2000)
    for pk, text, _, where in [row for row in found if name_key(row[1]) != row[2]]:
        wanted = name_key(text)
        if not scope or not rows.filter(**{scope: where, key: wanted}).exists():
            rows.filter(pk=pk).update(**{key: wanted})
