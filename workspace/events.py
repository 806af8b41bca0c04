"""Who acts, and the one function that records a change."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from string import Formatter
from typing import NotRequired, TypeAlias, TypedDict, Unpack
from uuid import UUID

from django.conf import settings
from django.db import connection, models
from django.utils import translation
from django.utils.functional import Promise

from workspace.action_names import Action
from workspace.db.statement import Statement, insertion_of
from workspace.db.together import Write, write_together
from workspace.db.transactions import write_last
from workspace.isolation import isolated
from workspace.models import (
    Administrator,
    ApiToken,
    ChangeEvent,
    ChangeSubject,
    EndUser,
    Environment,
    Source,
    SourceKind,
    User,
    Workspace,
)
from workspace.visits import NOWHERE, Visit
from workspace.words import Spoken

Kind = ChangeEvent.ActorKind
_BY_HAND = {Kind.ADMINISTRATOR, Kind.API_TOKEN, Kind.OPERATOR}
# The subject rows of more people are inserted from their ids by one statement, without an object each.
_MANY = 20
_IDS = {
    "postgresql": "value::uuid FROM jsonb_array_elements_text(%s::jsonb)",
    "sqlite": "lower(replace(value, '-', '')) FROM json_each(%s)",
}
_add_subject = insertion_of(ChangeSubject, "event", "kind", "subject_id")
_add_people = Statement(
    f"INSERT INTO {ChangeSubject._meta.db_table} (event_id, kind, subject_id) "
    f"SELECT %s, %s, {_IDS[connection.vendor]} WHERE true ON CONFLICT DO NOTHING"
)


@dataclass(frozen=True)
class Actor:
    """Who changes something, and through which request."""

    kind: str
    id: str
    name: str
    request_id: str = ""
    address: str = ""
    session: str = ""

    @classmethod
    def of(cls, kind: str, id: str, name: str, visit: Visit) -> "Actor":
        """Return somebody who acts through a request."""
        return cls(kind, id, name, visit.request_id, visit.address or "", visit.session)

    @classmethod
    def administrator(cls, administrator: Administrator, visit: Visit = NOWHERE) -> "Actor":
        return cls.of(Kind.ADMINISTRATOR, str(administrator.pk), administrator.user.email, visit)

    @classmethod
    def api_token(cls, token: ApiToken, visit: Visit) -> "Actor":
        return cls.of(Kind.API_TOKEN, str(token.pk), token.name, visit)

    @classmethod
    def operator(cls, user: User, visit: Visit = NOWHERE) -> "Actor":
        return cls.of(Kind.OPERATOR, str(user.pk), user.email, visit)

    @classmethod
    def account(cls, user: User, visit: Visit = NOWHERE) -> "Actor":
        """Return who changes their own account, which belongs to no workspace."""
        return cls.of(Kind.OPERATOR if user.is_staff else Kind.ADMINISTRATOR, str(user.pk), user.email, visit)

    @property
    def source(self) -> Source:
        """Return the source of values that this actor types by hand."""
        return Source(SourceKind.MANUAL, self.id, self.name)


SYSTEM = Actor(Kind.SYSTEM, "", "System")
# What happens by itself while the installation runs. Owners are told of it by mail like of anybody's changes.
JOBS = Actor(Kind.SYSTEM, "jobs", "System")


def is_by_hand(by: Actor) -> bool:
    """Say whether a person acts (in the console, in Django admin or through the API) and not an IdP."""
    return by.kind in _BY_HAND


@dataclass(frozen=True)
class Called:
    """A thing under another name than its own, for a sentence."""

    subject: models.Model
    name: str

    def __str__(self) -> str:
        return self.name


Word: TypeAlias = str | Promise | Actor | models.Model | Called


class Sentence:
    """A sentence about a change, with links: `Sentence("{by} added {person}.", by=by, person=end_user)`.

    `text` is the sentence in English. `links` holds [start, end, kind, id] of each word. Kind and id are those of a
    model: pages link by these ids, never by names. Those of other words say how they are translated (`word_in`).
    """

    def __init__(self, template: str, **words: Word) -> None:
        self.text, self.links = "", list[tuple[int, int, str, str]]()
        for literal, name, _, _ in Formatter().parse(template):
            self.text += literal
            if name is not None:
                self._add(words[name])

    def _add(self, word: Word) -> None:
        start, (text, kind, key) = len(self.text), _stored(word)
        self.text += isolated(text)
        self.links.append((start, len(self.text), kind, key))


def _stored(word: Word) -> tuple[str, str, str]:
    """Return a word in English, with the kind and the id of its link."""
    if isinstance(word, Actor):
        return word.name, "", ""
    if isinstance(word, models.Model):
        return str(word), kind_of(word), str(word.pk)
    if isinstance(word, Called):
        return word.name, kind_of(word.subject), str(word.subject.pk)
    if isinstance(word, Spoken):
        return word.english, word.kind, word.key
    if isinstance(word, Promise):
        return _in_english(word), "word", ""
    return word, "", ""


def _in_english(word: models.Model | Promise) -> str:
    if translation.get_language() == settings.LANGUAGE_CODE:
        return str(word)
    with translation.override(settings.LANGUAGE_CODE):
        return str(word)


def kind_of(subject: models.Model | type[models.Model]) -> str:
    """Return what an event calls this kind of thing."""
    return subject._meta.model_name or ""


def changed(these: Mapping[str, object], others: Mapping[str, object]) -> dict[str, object]:
    """Return the entries of a state that differ in another one."""
    return {key: value for key, value in these.items() if others.get(key) != value}


class Change(TypedDict):
    """What an event tells of a change.

    `before` and `after` hold ids, states and sources of what changed, never a secret. `concerns` and `people` (ids of
    end users) name what else the change is about: the event appears in the history of each.
    """

    by: Actor
    action: Action
    subject: models.Model
    sentence: Sentence
    workspace: NotRequired[Workspace | None]
    environment: NotRequired[Environment | None]
    concerns: NotRequired[Iterable[models.Model]]
    people: NotRequired[Iterable[UUID | str]]
    before: NotRequired[Mapping[str, object]]
    after: NotRequired[Mapping[str, object]]


def record(**change: Unpack[Change]) -> ChangeEvent:
    """Write the one event of a change; call it inside the change's transaction. A whole one writes it last."""
    people = list(change.get("people", ()))
    if len(people) <= _MANY:
        event, subjects = event_of(**change)
        write_last(event, *subjects)
        return event
    change["people"] = ()
    event, subjects = event_of(**change)
    write_together([event, *subjects])
    _add_people.run(event.pk, kind_of(EndUser), list(map(str, people)))
    return event


def event_of(**change: Unpack[Change]) -> tuple[ChangeEvent, list[Write]]:
    """Return the rows that `record` writes."""
    by, subject, sentence = change["by"], change["subject"], change["sentence"]
    workspace, environment = change.get("workspace"), change.get("environment")
    event = ChangeEvent(
        workspace_id=environment.workspace_id if environment else workspace.pk if workspace else None,
        environment_id=environment.pk if environment else None,
        environment_name=environment.name if environment else "",
        actor_kind=by.kind,
        actor_id=by.id,
        actor_name=by.name,
        action=change["action"],
        subject_kind=kind_of(subject),
        subject_id=str(subject.pk),
        subject_name=_in_english(subject)[:510],
        sentence=sentence.text,
        links=sentence.links,
        before=change.get("before") or {},
        after=change.get("after") or {},
        address=by.address,
        session=by.session,
        request_id=by.request_id,
    )
    kinds = {each.pk: kind_of(each) for each in (subject, *change.get("concerns", ()))}
    kinds |= {UUID(str(pk)): kind_of(EndUser) for pk in change.get("people", ())}
    return event, [(_add_subject, (event.pk, kind, pk)) for pk, kind in kinds.items()]
