"""Where the lake, its catalogue and the published tables are: the EVALLAKE_* variables.

Decides paths and names only. Nothing here touches the disk, and the environment is read when asked, never
at import.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

DEFAULT_ROOT = "lake"
DEFAULT_GLUE_DATABASE = "evallake_raw"
DEFAULT_GLUE_GRACE = timedelta(hours=24)
DUCKDB_NAME = "evallake.duckdb"
WORK_FOLDER = ".evallake"


@dataclass(frozen=True, slots=True)
class Config:
    """One lake and the DuckDB file that its tables are published in."""

    root: str
    """The lake: an absolute path, or a URI such as `s3://bucket/prefix`. No slash at its end."""
    duckdb: Path
    """The published DuckDB file, absolute. It need not exist yet."""
    glue_database: str | None = None
    """The Glue database that the lake's tables are registered in. None: they are in none."""
    glue_grace: timedelta = DEFAULT_GLUE_GRACE
    """How long Glue keeps the partitions of a load that was hidden."""

    @property
    def is_remote(self) -> bool:
        """Whether the lake is not on this machine's disks."""
        return "://" in self.root

    @property
    def work_folder(self) -> Path:
        """Scratch of `build` beside the published file: lock, working copy, dbt's target and logs."""
        return self.duckdb.parent / WORK_FOLDER

    @property
    def environment(self) -> dict[str, str]:
        """The variables that dbt's project reads, for a shell or a child process."""
        variables = {"EVALLAKE_ROOT": self.root, "EVALLAKE_DUCKDB": str(self.duckdb)}
        if self.glue_database is not None:
            variables["EVALLAKE_GLUE_DATABASE"] = self.glue_database
        return variables


def configure(
    root: str | None = None,
    duckdb: str | None = None,
    *,
    glue_database: str | None = None,
    glue: bool = True,
    glue_grace: timedelta = DEFAULT_GLUE_GRACE,
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Config:
    """The configuration from what was said, else from the environment, else the defaults.

    Args:
        root: the lake, a path or URI; by default EVALLAKE_ROOT, else `lake`.
        duckdb: the published file; by default EVALLAKE_DUCKDB, else `evallake.duckdb` in the lake,
            or in the current directory where the lake is remote.
        glue_database: by default EVALLAKE_GLUE_DATABASE, else `evallake_raw`.
        glue: whether a remote lake is registered in Glue; a local one never is.
        glue_grace: how long Glue keeps the partitions of a load that was hidden.
        environ: by default the process's own.
        cwd: what relative paths count from; by default the current directory.
    """
    variables = os.environ if environ is None else environ
    base = Path.cwd() if cwd is None else cwd
    where = root or variables.get("EVALLAKE_ROOT") or DEFAULT_ROOT
    remote = "://" in where and not where.startswith("file://")
    lake = where.rstrip("/") if remote else str(_absolute(where.removeprefix("file://"), base))
    file = duckdb or variables.get("EVALLAKE_DUCKDB")
    if file is None:
        file = DUCKDB_NAME if remote else str(Path(lake) / DUCKDB_NAME)
    database = glue_database or variables.get("EVALLAKE_GLUE_DATABASE") or DEFAULT_GLUE_DATABASE
    return Config(
        root=lake,
        duckdb=_absolute(file, base),
        glue_database=database if remote and glue else None,
        glue_grace=glue_grace,
    )


def _absolute(path: str, base: Path) -> Path:
    """`path` from `base`, `~` and `..` resolved; symbolic links stay as they are."""
    return Path(os.path.abspath(base / Path(path).expanduser()))  # noqa: PTH100
