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

from ingest.errors import InputError

DEFAULT_ROOT = "lake"
DEFAULT_GLUE_DATABASE = "evallake_raw"
DEFAULT_GLUE_GRACE = timedelta(hours=24)
DEFAULT_ATHENA_SCHEMA = "evallake"
DEFAULT_ATHENA_WORKGROUP = "primary"
TARGETS = ("duckdb", "athena")
DUCKDB_NAME = "evallake.duckdb"
WORK_FOLDER = ".evallake"


@dataclass(frozen=True, slots=True)
class AthenaPlace:
    """Where Athena builds and asks, where it is the target."""

    schema: str
    """The Glue database that tables are built in."""
    workgroup: str
    staging: str
    """Where Athena puts the results of queries: an address on S3 with a slash at its end."""


@dataclass(frozen=True, slots=True)
class Config:
    """One lake, and where its tables are published: a DuckDB file, or a Glue database."""

    root: str
    """The lake: an absolute path, or a URI such as `s3://bucket/prefix`. No slash at its end."""
    duckdb: Path
    """The published DuckDB file, absolute. It need not exist yet."""
    glue_database: str | None = None
    """The Glue database that the lake's tables are registered in. None: they are in none."""
    glue_grace: timedelta = DEFAULT_GLUE_GRACE
    """How long Glue keeps the partitions of a load that was hidden."""
    athena: AthenaPlace | None = None
    """Where Athena is the target. None: the target is the DuckDB file."""

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
        if self.athena is not None:
            variables["EVALLAKE_ATHENA_SCHEMA"] = self.athena.schema
            variables["EVALLAKE_ATHENA_WORKGROUP"] = self.athena.workgroup
            variables["EVALLAKE_ATHENA_STAGING"] = self.athena.staging
        return variables


def configure(
    root: str | None = None,
    duckdb: str | None = None,
    *,
    glue_database: str | None = None,
    glue: bool = True,
    glue_grace: timedelta = DEFAULT_GLUE_GRACE,
    target: str | None = None,
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
        target: `duckdb` or `athena`; by default EVALLAKE_TARGET, else `duckdb`. EVALLAKE_ATHENA_SCHEMA
            (`evallake`), EVALLAKE_ATHENA_WORKGROUP (`primary`) and EVALLAKE_ATHENA_STAGING
            (`_athena/results/` in the lake) say where Athena works.
        environ: by default the process's own.
        cwd: what relative paths count from; by default the current directory.

    Raises:
        InputError: the target is Athena, and the lake is a folder or not in Glue; or no such target.
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
        athena=_athena(target or variables.get("EVALLAKE_TARGET"), lake, glue, variables),
    )


def _athena(
    target: str | None, lake: str, glue: bool, variables: Mapping[str, str]
) -> AthenaPlace | None:
    """Where Athena works; None where it is not the target."""
    if target in (None, "", "duckdb"):
        return None
    if target != "athena":
        raise InputError(
            f"there is no target {target!r}",
            where="--target (EVALLAKE_TARGET)",
            do=f"choose one of {', '.join(TARGETS)}",
        )
    if not lake.startswith("s3://"):
        raise InputError(
            "Athena reads lakes on S3, and this one is a folder",
            where=lake,
            do="give the lake with --root s3://bucket/prefix, or build with --target duckdb",
        )
    if not glue:
        raise InputError(
            "Athena finds a lake through Glue, and --no-glue leaves it out",
            where=lake,
            do="leave --no-glue (or EVALLAKE_NO_GLUE) out",
        )
    staging = variables.get("EVALLAKE_ATHENA_STAGING") or f"{lake}/_athena/results/"
    return AthenaPlace(
        schema=variables.get("EVALLAKE_ATHENA_SCHEMA") or DEFAULT_ATHENA_SCHEMA,
        workgroup=variables.get("EVALLAKE_ATHENA_WORKGROUP") or DEFAULT_ATHENA_WORKGROUP,
        staging=staging.rstrip("/") + "/",
    )


def _absolute(path: str, base: Path) -> Path:
    """`path` from `base`, `~` and `..` resolved; symbolic links stay as they are."""
    return Path(os.path.abspath(base / Path(path).expanduser()))  # noqa: PTH100
