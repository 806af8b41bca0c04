"""The base of tables with UUIDs and times."""

from typing import Any

from django.db import models

from workspace.db.keys import new_id
from workspace.db.prepared import PreparedInsert


class Entity(PreparedInsert):
    """A row with a UUID that sorts by creation, its times, and its comparison keys."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True

    def save(self, **kwargs: Any) -> None:
        self.set_keys()
        super().save(**kwargs)

    def set_keys(self) -> None:
        """Compute the comparison keys from their fields. `save` calls it; call it before a bulk write."""
