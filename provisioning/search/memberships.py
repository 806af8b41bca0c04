"""The groups of users and the members of groups, by one query each."""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Func, OuterRef, QuerySet, Subquery, TextField
from django.db.models.sql.compiler import SQLCompiler

from provisioning.models import ProvisionedMembership
from provisioning.search.json_lookups import Sql, StoredText
from workspace.db.parameters import Among, Ids
from workspace.db.prepared import Prepared


class _JsonRows(Func):
    """All rows of a query as a JSON list of lists."""

    template = "COALESCE(json_agg(json_build_array(%(expressions)s))::text, '[]')"
    output_field = TextField()

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Sql:
        return super().as_sql(compiler, connection, template="json_group_array(json_array(%(expressions)s))", **context)


# A column of users: of each membership its id, the stored id of the group and the group's name, as JSON.
GROUPS_OF_USER = Subquery(
    ProvisionedMembership.objects.filter(user=OuterRef("pk")).values_list(
        _JsonRows(F("pk"), StoredText(F("group")), F("group__display_name"))
    )
)


def _memberships(column: str, ids: object, *shown: str | StoredText) -> "QuerySet[ProvisionedMembership, Any]":
    rows = ProvisionedMembership.objects.filter(Among(column, ids)).order_by("pk")
    return rows.values_list(StoredText(F(column)), *shown)


# The ids of a user and of each of its groups as they are stored, and the names of the groups.
of_users: Prepared[tuple[str, str, str]] = Prepared(
    lambda users: _memberships("user", users, StoredText(F("group")), "group__display_name"), Ids()
)
# The ids of a group and of each of its members as they are stored.
of_groups: Prepared[tuple[str, str]] = Prepared(
    lambda groups: _memberships("group", groups, StoredText(F("user"))), Ids()
)
