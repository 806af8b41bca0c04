"""Django's PostgreSQL backend with a pool that notices at once when the server is away, and when it is back."""

from typing import ClassVar

from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base

from workspace.db.postgresql.pool import Pool


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection from our pool instead of psycopg's."""

    _connection_pools: ClassVar[dict[str, Pool]] = {}

    @property
    def pool(self) -> Pool | None:
        """Return the pool of this process. The option `pool` of the settings holds its arguments."""
        options = self.settings_dict["OPTIONS"].get("pool")
        if self.alias == NO_DB_ALIAS or not options:
            return None
        if self.alias not in self._connection_pools:
            parameters = {**self.get_connection_params(), "autocommit": True}
            pool = Pool(parameters, self._configure_connection, **options)  # type: ignore[attr-defined]
            self._connection_pools.setdefault(self.alias, pool)
        return self._connection_pools[self.alias]
