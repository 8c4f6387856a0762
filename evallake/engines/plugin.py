"""The dbt-duckdb plugin that `profiles.yml` names: every connection of a build is prepared.

It also tells the project's macros which project they belong to, as the variable `project_digest`:
rows that a build keeps are known by it.

Apart from `evallake.engines.duckdb`, so that a query does not wait for dbt to be imported.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.flags import get_flags
from duckdb import DuckDBPyConnection

from evallake.engines.duckdb import PRELUDE, prepare
from evallake.engines.s3 import S3Access
from evallake.project import Project


class Plugin(BasePlugin):  # type: ignore[misc]  # dbt is not followed by mypy
    """Trino's names for dbt's connections; dbt-duckdb finds the class by this name."""

    _access: S3Access | None = None
    _digest = ""

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        """Prepare the connection that all of dbt's threads share."""
        prepare(conn)
        self._digest = _project_digest()
        root = os.environ.get("EVALLAKE_ROOT", "")
        if root.startswith("s3://"):
            self._access = S3Access(root)
            self._access.open(conn)

    def configure_cursor(self, cursor: DuckDBPyConnection) -> None:
        """Before each model: a build may outlast the credentials that it began with."""
        cursor.execute(f"set variable project_digest = '{self._digest}'")
        if self._access is not None:
            self._access.renew(cursor)


def _project_digest() -> str:
    """A fingerprint of what decides rows: the project that dbt runs, and Trino's names here."""
    project = Project(Path(get_flags().PROJECT_DIR))
    return hashlib.sha256(project.digest().encode() + PRELUDE.read_bytes()).hexdigest()
