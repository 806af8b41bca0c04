"""The keys of an installation: every node must have the same ones, and a rotation seals everything anew.

Only fingerprints are stored. A node that lacks a key would end sessions and could not open what others have sealed.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models import Model, TextField

from workspace import crypto
from workspace.models import KeyRing

_BATCH = 500
_OTHER_KEY = (
    "SECRET_KEY is not the one with which this installation has run so far. Give every node the same one. "
    "If you replace it on purpose, run manage.py rotate_keys with the new one."
)
_NO_KEY = (
    "SECRETS_KEYS lacks a key with which this installation has sealed secrets. Give every node the same list, the "
    "newest key first. Only after manage.py rotate_keys may an old key be left out."
)


@transaction.atomic
def join() -> None:
    """Check this node's keys against those of the installation, and note a new one. Raises ImproperlyConfigured."""
    ring, is_new = KeyRing.objects.select_for_update().get_or_create(
        pk=1, defaults={"secret_key": _fingerprint(settings.SECRET_KEY), "sealing": [newest()]}
    )
    if is_new:
        return
    if problem := difference(ring):
        raise ImproperlyConfigured(problem)
    if newest() not in ring.sealing:
        ring.sealing.append(newest())
        ring.save()


def difference(ring: KeyRing | None) -> str:
    """Return how the keys of this process differ from those of the installation; empty if they do not."""
    if ring is None:
        return ""
    if ring.secret_key != _fingerprint(settings.SECRET_KEY):
        return _OTHER_KEY
    return "" if set(ring.sealing) <= set(map(crypto.key_id, settings.SECRETS_KEYS)) else _NO_KEY


def newest() -> str:
    """Return the fingerprint of the key that seals."""
    return crypto.key_id(settings.SECRETS_KEYS[0])


@dataclass(frozen=True)
class Rotated:
    """How many secrets of one kind were sealed anew, and how many no key opens."""

    kind: str
    resealed: int
    lost: int


def rotate() -> Iterator[Rotated]:
    """Seal every secret with the newest key, some rows at a time, while nodes serve. Then older keys are not needed.

    Each row is replaced only if it still has what was read, so a change meanwhile is never lost.
    """
    lost = 0
    for model, column in sealed_columns():
        found = _rotate(model, column)
        lost += found.lost
        yield found
    present: dict[str, object] = {"secret_key": _fingerprint(settings.SECRET_KEY)}
    KeyRing.objects.update_or_create(pk=1, defaults=present if lost else present | {"sealing": [newest()]})


def sealed_columns() -> list[tuple[type[Model], str]]:
    """Return the columns that hold sealed texts: their names begin with "sealed"."""
    return [
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, TextField) and field.name.startswith("sealed")
    ]


def _rotate(model: type[Model], column: str) -> Rotated:
    rows = model._base_manager.exclude(**{column: ""}).order_by("pk")
    resealed, lost, last = 0, 0, None
    while batch := list((rows.filter(pk__gt=last) if last else rows).values_list("pk", column)[:_BATCH]):
        last = batch[-1][0]
        for pk, sealed in batch:
            if crypto.sealed_by(sealed) == newest():
                continue
            try:
                again = crypto.seal(crypto.unseal(sealed))
            except crypto.UnsealError:
                lost += 1
                continue
            resealed += model._base_manager.filter(pk=pk, **{column: sealed}).update(**{column: again})
    return Rotated(str(model._meta.verbose_name_plural), resealed, lost)


def _fingerprint(key: str) -> str:
    return hashlib.sha256(b"fingerprint" + key.encode()).hexdigest()
