"""One request in two ways, by short forms and in full: the same answer, and the same rows in all tables."""

import json
import re
from collections.abc import Callable
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import ndiff
from typing import Any
from unittest.mock import patch

from django.apps import apps
from django.db import connection as database
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from provisioning import tokens
from provisioning.actions.records import users
from provisioning.models import ResourceCount
from provisioning.payload import shapes
from provisioning.payload.member_changes import MemberChange
from provisioning.scim import adapters, middleware, views
from provisioning.scim.rate import limiter
from provisioning.search.listing import Listing
from tests.scim import Answer
from workspace.db import statement, transactions
from workspace.db.prepared import Prepared

_ID = re.compile(r"(?<![0-9a-zA-Z])[0-9a-f]{8}(-?)[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{12}(?![0-9a-zA-Z])")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)?")
# Of what has ids and moments.
_DIGEST = re.compile(r"(?<![0-9a-zA-Z])[0-9a-f]{64}(?![0-9a-zA-Z])")
# Sealed anew by each answer.
_CURSOR = re.compile(r'"nextCursor": "[^"]+"')
# Counts may have several parts.
_TABLES = [
    model._meta.db_table
    for model in apps.get_models()
    if model.__module__.split(".")[0] in ("workspace", "authentication", "provisioning") and model is not ResourceCount
]


def _none(*args: object) -> None:
    return None


# Each short form says that it does not fit, or gives way to the ORM.
SHORT_FORMS: dict[str, tuple[object, str, object]] = {
    "known shapes": (shapes, "parse", _none),
    "known shapes of tidy bodies": (shapes, "parse_tidy", _none),
    "new users": (users, "rows_of_new_user", lambda user, by: []),
    "a switch": (adapters.UserAdapter, "switch", staticmethod(lambda *args: False)),
    "a body that switches": (adapters, "active_alone", _none),
    "one member": (views, "add_one_member", lambda **given: None),
    "only new members": (MemberChange, "only_adds", property(lambda change: False)),
    "look-ups": (Listing, "_look_up", _none),
    "remembered tokens": (tokens._with_connection.__class__, "shared", Prepared.__call__),
    "paths": (middleware, "resource_path", _none),
    "the driver's cursor": (statement, "_OURS", []),
    "what is written last": (transactions._Held, "takes", lambda held, writes: False),
}


@contextmanager
def in_full(names=SHORT_FORMS):
    """Leave out these short forms."""
    with ExitStack() as stack:
        for name in names:
            place, attribute, instead = SHORT_FORMS[name]
            stack.enter_context(patch.object(place, attribute, instead))
        yield


@contextmanager
def rolled_back():
    """Let what follows end without a trace."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@dataclass
class Outcome:
    """What a request answers, and which rows are gone and new after it; ids and times can be compared."""

    answer: tuple[object, ...]
    gone: list[str]
    new: list[str]


def outcome(call: Callable[[], Answer | None], before: set[str], since: datetime, *left_out: str) -> Outcome:
    """Call, and compare all rows with those before, without some columns."""
    limiter.buckets.clear()
    answer = call()
    after = all_rows(*left_out)
    gone, new = sorted(before - after), list(after - before)
    label = _labels(new, {each[0].replace("-", "") for row in before for each in _ID.finditer(row)}, since)
    said = _shown(answer, label)
    return Outcome(said, [label(row) for row in gone], sorted(map(label, new)))


def _shown(answer: Answer | None, label: Callable[[str], str]) -> tuple[object, ...]:
    if answer is None:
        return ()
    headers = {name: label(value) for name, value in answer.headers.items()}
    return answer.status, headers, label(_sorted(_CURSOR.sub('"nextCursor": ""', answer.content.decode())))


def check_both_ways(call: Callable[[], Answer | None], names=SHORT_FORMS) -> Outcome:
    """That a request does the same by short forms and in full. Nothing stays of it."""
    since, before = timezone.now(), all_rows()
    with rolled_back():
        short = outcome(call, before, since)
    with rolled_back(), in_full(names):
        full = outcome(call, before, since)
    assert short == full, "\n".join(differences(short, full))
    return short


def differences(short: Outcome, full: Outcome) -> list[str]:
    """Return what only one of both has: by short forms with -, in full with +."""
    here, there = ([*map(str, each.answer), *each.gone, *each.new] for each in (short, full))
    return [line for line in ndiff(here, there) if not line.startswith(" ")]


def all_rows(*left_out: str) -> set[str]:
    """All rows with all columns but some, as texts."""
    found: set[str] = set()
    with database.cursor() as cursor:
        for table in _TABLES:
            cursor.execute(f"SELECT * FROM {table}")  # noqa: S608 -- our own names
            names = [column.name if hasattr(column, "name") else column[0] for column in cursor.description]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
            found |= {_as_text(table, row, "duration_ms", *left_out) for row in rows}
    totals = ResourceCount.objects.order_by().values_list("connection", "kind").annotate(Sum("total"))
    return found | {f"counts {[*map(str, row)]}" for row in totals if row[2]}


def _as_text(table: str, row: dict[str, Any], *left_out: str) -> str:
    if isinstance(row.get("id"), int):
        del row["id"]  # the database counts it
    shown = {name: value for name, value in row.items() if name not in left_out}
    values = {name: _sorted(value) if isinstance(value, str) else value for name, value in shown.items()}
    return f"{table} {json.dumps(values, default=str, sort_keys=True)}"


def _sorted(text: str) -> str:
    """Return JSON in one order of names, which means nothing; other text as it is."""
    if text.startswith(("{", "[")):
        with suppress(ValueError):
            return json.dumps(json.loads(text), sort_keys=True)
    return text


def _labels(new: list[str], known: set[str], since: datetime) -> Callable[[str], str]:
    """Return a function that gives new ids and moments names that do not depend on how they were drawn.

    A new id is named by what its row says, with the names that other new ids have so far, and by its place among rows
    that say the same.
    """
    names: dict[str, str] = {}

    def moment(found: re.Match[str]) -> str:
        read = datetime.fromisoformat(found[0])
        read = read if read.tzinfo else read.replace(tzinfo=UTC)
        return "<now>" if read >= since.replace(microsecond=since.microsecond // 1000 * 1000) else found[0]

    def label(text: str) -> str:
        def named(found: re.Match[str]) -> str:
            pk = found[0].replace("-", "")
            return found[0] if pk in known else names.get(pk, "<new>")

        return _DIGEST.sub("<digest>", _MOMENT.sub(moment, _ID.sub(named, text)))

    own = {}
    for row in new:
        found = re.search(r'"id": "([0-9a-f-]{32,36})"', row)
        if found and found[1].replace("-", "") not in known:
            own[found[1].replace("-", "")] = row
    for _ in range(3):
        said = {pk: label(row) for pk, row in own.items()}
        order = {text: number for number, text in enumerate(sorted(set(said.values())))}
        # Ids grow: where rows say the same, the order of their ids is that of their making.
        alike: dict[str, int] = {}
        fresh = {}
        for pk in sorted(own):
            place = alike[said[pk]] = alike.get(said[pk], -1) + 1
            fresh[pk] = f"<{order[said[pk]]}.{place}>"
        names = fresh
    return label
