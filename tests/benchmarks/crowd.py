"""Many people for a test, within its transaction: copied like those of the benchmark."""

from dataclasses import replace
from typing import Any

from django.db import connection

from tests.benchmarks.rows import Database, Family, Template, settle
from tests.benchmarks.seed import fill, membership, push
from tests.benchmarks.works import Tenant

_FOREVER, _SPARE = 10**9, 10**6


class Borrowed(Database):
    """Django's own connection, in the transaction that it has begun."""

    def __init__(self) -> None:
        self.connection, self.is_postgresql = connection.connection, connection.vendor == "postgresql"

    def begin(self) -> None:
        pass

    def commit(self) -> None:
        pass


def clear_rows_that_were_rolled_back() -> None:
    """Remove what a crowd leaves in PostgreSQL's tables, so that later tests do not read past it again and again."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            settle(cursor.execute)


class Crowd:
    """A connection that grows: one user that was pushed, a group that it was pushed into, and copies of both."""

    def __init__(self, scim: Any) -> None:
        self.scim, self.database, self.users = scim, Borrowed(), list[str]()
        self.pushed, tables = push(scim)
        self._alone = [Template.of(self.database, table) for table in tables]
        self.group = scim.group("All of them", [self.pushed])
        self._together = [*self._alone, *membership(self.database, self.group, _FOREVER)]

    def grow(self, users: int) -> None:
        """Add so many more, all of them in the group.

        Without statistics PostgreSQL would read a whole table for each foreign key that it checks.
        """
        first = len(self.users)
        self.users += fill(Family(self.database, self._together), range(first, first + users))
        self.database.run("ANALYZE")

    def tenant(self, spare: int) -> Tenant:
        """As the benchmark's requests see it; with so many who are in no group."""
        free = fill(Family(self.database, self._alone), range(_SPARE, _SPARE + spare))
        config = self.scim.get("/ServiceProviderConfig").body
        return Tenant(
            base=self.scim.base, token=self.scim.token, count=len(self.users), users=self.users[:100], spare=free,
            groups={"1": self.group}, has_cursors=config.get("pagination", {}).get("cursor", False),
        )  # fmt: skip

    def grown(self, tenant: Tenant) -> Tenant:
        """The same tenant with all who came since."""
        return replace(tenant, count=len(self.users))
