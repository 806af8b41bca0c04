"""A row that a statement inserts is the one that the ORM would insert."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from workspace.db.keys import new_id
from workspace.db.statement import insertion_of
from workspace.models import ChangeEvent, ChangeSubject

NAMES = [field.name for field in ChangeEvent._meta.concrete_fields]
VALUES = {
    "at": timezone.now(), "workspace_id": new_id(), "environment_id": None, "environment_name": "DEV",
    "actor_kind": "system", "actor_id": "", "actor_name": "System", "action": "a", "subject_kind": "b",
    "subject_id": "c", "subject_name": "Zoë", "sentence": "100 % ‘sure’", "links": [[0, 1, "k", "i"]],
    "before": {}, "after": {"ü": [1, None, True]}, "request_id": "",
}  # fmt: skip


@pytest.mark.django_db
def test_a_row_is_the_one_that_the_orm_inserts():
    pks = new_id(), new_id()
    insertion_of(ChangeEvent, *NAMES).run(pks[0], *(VALUES[name] for name in NAMES[1:]))
    ChangeEvent.objects.create(id=pks[1], **VALUES)
    ours, theirs = (ChangeEvent.objects.filter(pk=pk).values(*NAMES[1:]).get() for pk in pks)
    assert ours == theirs == VALUES


def test_a_field_without_a_value_is_refused_at_the_start():
    with pytest.raises(ImproperlyConfigured, match="request_id"):
        insertion_of(ChangeEvent, *NAMES[:-1])
    with pytest.raises(ImproperlyConfigured, match="nonsense"):
        insertion_of(ChangeEvent, *NAMES, "nonsense")
    insertion_of(ChangeSubject, "event", "kind", "subject_id")  # the database counts its id
