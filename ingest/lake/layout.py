"""Where everything in a lake lies: the names of its files, and of nothing else.

    <root>/_lake.json                                              what made it, which layout
    <root>/_log/<sequence, 20 digits>.json                         one event each
    <root>/_checkpoint.json.gz                                     what the first of them add up to
    <root>/<large table>/job_id=<job>/load_id=<load>/part-00000.parquet
    <root>/<small table>/<load>.parquet, compacted-<ULID>.parquet
    <root>/loads/loads.parquet, <root>/current_loads/current_loads.parquet

Every table also has one file without rows, so that ``<root>/<table>/**/*.parquet`` always finds
something and a view over it works in an empty lake. Pure functions: nothing here touches a disk.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ingest.errors import LakeError
from ingest.tables import SNAPSHOTS, Table

LAYOUT_VERSION = 1
MARKER = "_lake.json"
LOG = "_log/"
CHECKPOINT = "_checkpoint.json.gz"
STAGING = "_staging"
"""Folder of a local lake for what is not finished yet."""

JOB_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
"""What a job id may be: it stands in paths and in SQL texts as it is."""

_EVENT = re.compile(r"_log/(\d{20})\.json")
_COMPACTED = "compacted-"
_LARGE_PART = re.compile(r"job_id=(?P<job>[^/]+)/load_id=(?P<id>[^/]+)/part-\d{5,}\.parquet")
_SMALL_PART = re.compile(r"(?:compacted-)?(?P<id>[^/-]+)(?:-\d{5,})?\.parquet")
_NO_JOB = "_schema"
"""Stands where a job id stands; no job can be called so."""


def part_key(table: Table, *, job_id: str, load_id: str, part: int) -> str:
    """Key of one file of a load; a small table has one file per load.

    >>> from ingest.tables import EXAMPLES, JOBS
    >>> part_key(EXAMPLES, job_id="a", load_id="01", part=2)
    'examples/job_id=a/load_id=01/part-00002.parquet'
    >>> part_key(JOBS, job_id="a", load_id="01", part=0)
    'jobs/01.parquet'
    """
    if table.is_large:
        return f"{table.name}/job_id={job_id}/load_id={load_id}/part-{part:05d}.parquet"
    suffix = f"-{part:05d}" if part else ""
    return f"{table.name}/{load_id}{suffix}.parquet"


def compacted_key(table: Table, *, compaction_id: str) -> str:
    """Key of a file that holds many loads' rows of a small table."""
    return f"{table.name}/{_COMPACTED}{compaction_id}.parquet"


@dataclass(frozen=True, slots=True)
class Owner:
    """Who wrote a file of a table."""

    identifier: str
    """Of the load, or of the compaction."""
    job_id: str | None
    """As the path says. Null for small tables, whose paths do not."""


def owner(table: Table, key: str) -> Owner | None:
    """Who wrote a file; None for a schema file, and for what neither load nor compaction writes.

    >>> from ingest.tables import EXAMPLES, JOBS
    >>> owner(EXAMPLES, "examples/job_id=a/load_id=01/part-00002.parquet")
    Owner(identifier='01', job_id='a')
    >>> owner(JOBS, "jobs/compacted-02.parquet")
    Owner(identifier='02', job_id=None)
    """
    pattern = _LARGE_PART if table.is_large else _SMALL_PART
    match = pattern.fullmatch(key.removeprefix(f"{table.name}/"))
    if match is None or match["id"] == _NO_JOB:
        return None
    return Owner(match["id"], match["job"] if table.is_large else None)


def schema_key(table: Table) -> str:
    """Key of the table's file without rows."""
    if table.is_large:
        return f"{table.name}/job_id={_NO_JOB}/load_id={_NO_JOB}/schema.parquet"
    return f"{table.name}/_schema.parquet"


def snapshot_key(table: Table) -> str:
    """Key of a projection of the log: one object, replaced whole."""
    if table not in SNAPSHOTS:
        raise KeyError(f"{table.name} is not a snapshot of the log")
    return f"{table.name}/{table.name}.parquet"


def event_key(sequence: int) -> str:
    """Key of one event of the log."""
    return f"{LOG}{sequence:020d}.json"


def event_sequence(key: str) -> int:
    """Inverse of `event_key`; LakeError for a file that the log did not write."""
    match = _EVENT.fullmatch(key)
    if match is None:
        raise LakeError(
            "this file is not an event of the lake's log",
            where=key,
            do=f"move it out of the lake's {LOG.rstrip('/')} folder",
        )
    return int(match[1])
