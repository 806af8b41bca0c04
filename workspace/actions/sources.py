"""What a source granted, ended or handed over: the caller's event lists the rows as they were."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from workspace.models import MANUAL, SourceKind


def become_manual(rows: QuerySet[Any], place: str) -> None:
    """Turn rows of a source into rows by hand; where there is one by hand already, it stands for both.

    `place` names what the rows let people into: "environment" or "group".
    """
    by_hand = rows.model.objects.filter(
        **{place: OuterRef(place)}, end_user=OuterRef("end_user"), source_kind=SourceKind.MANUAL
    )
    rows.filter(Exists(by_hand)).delete()
    rows.update(**MANUAL.fields())
