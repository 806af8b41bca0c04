"""The list of end users, and the same as a file."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import prefetch_related_objects
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from workspace.actions.bulk import BULK_CHANGES
from workspace.console.decorators import ConsoleRequest, console
from workspace.console.navigation import page_url
from workspace.console.presenters import source_name, source_words
from workspace.db.indexes import Unindexed
from workspace.db.paging import numbered
from workspace.exports import csv_file, in_order_of
from workspace.forms.end_user_filter import EndUserFilter
from workspace.models import EndUser, Environment, EnvironmentAccess, GroupMembership
from workspace.words import listed

_GROUPS_SHOWN = 1
_COLUMNS = [
    *("Full name", "Email address", "userName", "Environment access", "Groups", "Access through"),
    *("Last sign-in", "Status", "Added", "Id"),
]


@console
def index(request: ConsoleRequest, environment: Environment) -> HttpResponse:
    """Show the end users of the workspace; by default those with access to this environment."""
    form = EndUserFilter(request.GET, environment=environment, now=timezone.now())
    page = numbered(form.listed, request.GET.get("page"), parts=form.parts)
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "form": form,
        "page_obj": page,
        # A person's place in the order is by the group that is shown first.
        "rows": _rows(page.rows, environment, is_last_group_first=form.cleaned_data.get("sort") == "-groups"),
        "has_people": bool(page.rows) or environment.workspace.end_users.exists(),
        "list_url": page_url("workspace:end-users", environment),
        "query": query.urlencode(),
        "filtered": [(name, value) for name, values in query.lists() if name in form.fields for value in values],
        "bulk_changes": BULK_CHANGES.values(),
        "groups_label": _("Groups in %(environment)s") % {"environment": environment},
    }
    return render(request, "workspace/end_users/index.html", context)


@console
@require_safe
def export_csv(request: ConsoleRequest, environment: Environment) -> StreamingHttpResponse:
    """Send the end users that the filter lets through as CSV."""
    now = timezone.now()
    form = EndUserFilter(request.GET, environment=environment, now=now)
    parts = ((row.cells() for row in _rows(people, environment)) for people in in_order_of("name_key", form.people))
    name = f"end-users-{environment.workspace.slug}-{environment.slug}-{now:%Y-%m-%d}.csv"
    return csv_file(name, _COLUMNS, parts)


@dataclass(frozen=True)
class _Row:
    """A person as the list shows them."""

    end_user: EndUser
    environments: list[Environment]
    # What gives access to the environment of the page.
    here: list[EnvironmentAccess]
    groups: list[str]

    @property
    def providers(self) -> list[str]:
        return list(dict.fromkeys(map(source_name, self.here)))

    @property
    def groups_in_words(self) -> str:
        """Return the first group, and the number of the others."""
        more = len(self.groups[_GROUPS_SHOWN:])
        return listed(self.groups[:_GROUPS_SHOWN], "") + (f" +{more}" if more else "")

    def cells(self) -> list[object]:
        """Return the row of the file. Names in a cell are separated as an import reads them."""
        person, sources = self.end_user, dict.fromkeys(map(source_words, self.here))
        places = "; ".join(each.name for each in self.environments)
        signed_in = person.last_sign_in_at.isoformat(timespec="seconds") if person.last_sign_in_at else ""
        return [
            *(person.full_name, person.email, person.user_name, places, "; ".join(self.groups), "; ".join(sources)),
            *(signed_in, person.get_status_display(), person.created_at.isoformat(timespec="seconds"), person.pk),
        ]


def _rows(people: Sequence[EndUser], environment: Environment, *, is_last_group_first: bool = False) -> list[_Row]:
    """Return the rows of some people, with three more queries."""
    prefetch_related_objects(people, "accesses__environment")
    groups = _groups(people, environment)
    if is_last_group_first:
        for names in groups.values():
            names.reverse()
    return [
        _Row(
            person,
            list(dict.fromkeys(access.environment for access in person.accesses.all())),
            # In the order by which the list sorts.
            sorted(
                (access for access in person.accesses.all() if access.environment_id == environment.pk),
                key=lambda access: (access.source_kind, access.source_id),
            ),
            groups[person.pk],
        )
        for person in people
    ]


def _groups(people: Sequence[EndUser], environment: Environment) -> dict[UUID, list[str]]:
    """Return the names of the groups in the environment, by person."""
    # By the people: SQLite would look for them in each group.
    memberships = GroupMembership.objects.alias(place=Unindexed("group__environment"))
    rows = memberships.filter(place=environment.pk, end_user__in=people)
    found = defaultdict[UUID, list[str]](list)
    for _key, name, pk in sorted(set(rows.values_list("group__name_key", "group__name", "end_user"))):
        found[pk].append(name)
    return found
