"""A list of people to choose from, as a part of a form. Who was chosen stays chosen while somebody searches and pages.

Search and pages are buttons of the form, so they work without JavaScript and keep everything that was typed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, QueryDict

from workspace.db.paging import NumberedPage, numbered
from workspace.db.parameters import Among
from workspace.forms import SearchForm
from workspace.models import EndUser
from workspace.models.people import EndUserQuerySet

PAGE = 20
# So many of those who are chosen on other pages are listed, to be left out again. Others are only counted.
_LISTED = 20


@dataclass(frozen=True)
class Picker:
    """What the list shows. `sent` is the form's data, None while somebody looks for people; `typed` is kept then."""

    sent: QueryDict | None
    typed: dict[str, str]
    text: str
    page: NumberedPage[EndUser]
    chosen: frozenset[str]
    elsewhere: Sequence[EndUser]
    # Ids of the chosen ones who are neither on the page nor in `elsewhere`.
    others: Sequence[str]

    @property
    def kept(self) -> str:
        return " ".join(self.others)


def picker(request: HttpRequest, candidates: EndUserQuerySet) -> Picker:
    """Return the list that a request asks for."""
    data = request.POST if request.method == "POST" else request.GET
    asked = "" if data.get("look") == "all" else SearchForm(data).text()
    is_same = request.method == "GET" or asked == data.get("searched", "")
    number = data.get("look") or data.get("page")
    page = numbered(candidates.matching(asked), number if is_same else "1", PAGE, is_search=bool(asked))
    picked = [*data.getlist("members"), *data.get("more_members", "").split()]
    chosen = list(dict.fromkeys(filter(_is_id, picked)))
    shown = {str(person.pk) for person in page.rows}
    elsewhere = list(candidates.filter(Among("pk", [pk for pk in chosen if pk not in shown]))) if chosen else []
    is_looking = "look" in data or ("enter" in data and not is_same)
    return Picker(
        sent=None if is_looking or request.method != "POST" else _with_all(request.POST, picked),
        typed=request.POST.dict() if is_looking else {},
        text=asked,
        page=page,
        chosen=frozenset(chosen),
        elsewhere=elsewhere[:_LISTED],
        others=[str(person.pk) for person in elsewhere[_LISTED:]],
    )


def _with_all(form: QueryDict, picked: list[str]) -> QueryDict:
    """Return the form's data with everybody who was picked. What is no id stays, so that it is refused."""
    data = form.copy()
    data.setlist("members", picked)
    return data


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
