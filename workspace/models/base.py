"""What every table here has in common."""

from django.db import models

from workspace.db.keys import new_id
from workspace.db.prepared import PreparedInsert


class Entity(PreparedInsert):
    """A row with a UUID that sorts by creation, and its times."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True
