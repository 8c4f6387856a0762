"""The dbt-duckdb plugin that `profiles.yml` names: every connection of a build is prepared.

Apart from `evallake.engines.duckdb`, so that a query does not wait for dbt to be imported.
"""

from __future__ import annotations

import os

from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb import DuckDBPyConnection

from evallake.engines.duckdb import prepare
from evallake.engines.s3 import S3Access


class Plugin(BasePlugin):  # type: ignore[misc]  # dbt is not followed by mypy
    """Trino's names for dbt's connections; dbt-duckdb finds the class by this name."""

    _access: S3Access | None = None

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        """Prepare the connection that all of dbt's threads share."""
        prepare(conn)
        root = os.environ.get("EVALLAKE_ROOT", "")
        if root.startswith("s3://"):
            self._access = S3Access(root)
            self._access.open(conn)

    def configure_cursor(self, cursor: DuckDBPyConnection) -> None:
        """Before each model: a build may outlast the credentials that it began with."""
        if self._access is not None:
            self._access.renew(cursor)
