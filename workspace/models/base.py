"""The base of tables with UUIDs and times."""

from typing import Any

from django.db import models

from workspace.db.keys import new_id
from workspace.db.saving import PreparedSave
from workspace.passwords import is_right, make_password


def label_of(choices: type[models.TextChoices], value: str) -> str:
    """Return the label of a choice, for rows of long lists. Django translates all labels for the one of a row."""
    return str(choices(value).label) if value in choices else value


class Entity(PreparedSave):
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


class PasswordOwner(models.Model):
    """Somebody with a password, of which only a hash is stored; it is empty if there is none."""

    password = models.CharField(max_length=128, blank=True, editable=False)

    class Meta:
        abstract = True

    def set_password(self, raw_password: str | None) -> None:
        """Hash a password without saving. None lets no password match."""
        self.password = make_password(raw_password)

    def check_password(self, raw_password: str | None) -> bool:
        """Say whether this is the password. An outdated hash is replaced."""
        return raw_password is not None and is_right(raw_password, self.password, self._replace_hash)

    def _replace_hash(self, encoded: str) -> None:
        # A password that was changed meanwhile stays.
        type(self)._base_manager.filter(pk=self.pk, password=self.password).update(password=encoded)
        self.password = encoded
