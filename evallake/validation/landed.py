"""Loads that are in the lake already, held against the suites again.

A local lake's files are read where they lie; those of a bucket are fetched, one load at a time,
into a scratch folder. Writes nothing into the lake: what is seen is decided at the door and by
people.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from evallake.validation.door import Door
from evallake.validation.outcomes import Outcome
from ingest.errors import LakeError, StoreError
from ingest.lake import Lake, Load, unknown_job
from ingest.lake.local import LocalStore
from ingest.memory import keep_memory_flat
from ingest.tables import SOURCE_TABLES, Table

_IN_SIGHT = ("current", "held")

Told = Callable[[int, int, str], None]
"""Told of files that are at hand, of so many, and what is being done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Validated:
    """What came of one load."""

    load: Load
    outcomes: tuple[Outcome, ...]
    error: StoreError | None
    """Why it could not be looked at; there are no outcomes then."""
    seconds: float

    def unmet(self, severity: str) -> tuple[Outcome, ...]:
        """Expectations of a severity that are not met."""
        return tuple(
            o for o in self.outcomes if not o.is_met and o.expectation.severity == severity
        )


def loads_in_sight(lake: Lake, jobs: Sequence[str]) -> tuple[Load, ...]:
    """Visible and held loads of the named jobs, of all where none is named.

    Raises UnknownJobError for a job that has none.
    """
    loads = [load for load in lake.loads() if load.state in _IN_SIGHT]
    known = {load.job_id for load in loads}
    for job in jobs:
        if job not in known:
            raise unknown_job(job, sorted(known), where=lake.root)
    return tuple(load for load in loads if not jobs or load.job_id in jobs)


def validate_loads(
    lake: Lake, loads: Iterable[Load], door: Door, *, told: Told
) -> Iterator[Validated]:
    """Hold each load against the suites; one that cannot be read does not stop the others."""
    keep_memory_flat()
    for load in loads:
        started = time.monotonic()
        outcomes: tuple[Outcome, ...] = ()
        error: StoreError | None = None
        try:
            with tempfile.TemporaryDirectory(prefix="evallake-landed-") as scratch:
                files = _files(lake, load, Path(scratch), told=told)
                told(1, 1, "checking")
                outcomes = door.outcomes(files, accounting=load.facts.accounting, is_landed=True)
        except StoreError as refusal:
            error = refusal
        except (pa.ArrowException, OSError, duckdb.Error) as damage:
            error = LakeError(
                f"a file of load {load.load_id} cannot be read ({damage})",
                where=load.job_id,
                do="restore it from a backup, or land the job again with --force",
            )
        yield Validated(
            load=load, outcomes=outcomes, error=error, seconds=time.monotonic() - started
        )


def _files(lake: Lake, load: Load, scratch: Path, *, told: Told) -> dict[str, list[Path]]:
    """The load's rows as local Parquet files, by lake table."""
    keys = {files.table: files.keys for files in load.facts.tables}
    of = sum(map(len, keys.values()))
    done = 0
    found: dict[str, list[Path]] = {}
    for table in SOURCE_TABLES:
        for key in keys.get(table.name, ()):
            told(done, of, f"fetching {table.name}")
            path = _local(lake, key, scratch / f"{done:06d}.parquet")
            if not table.is_large:
                path = _own_rows(table, path, load, scratch / f"{done:06d}-own.parquet")
            found.setdefault(table.name, []).append(path)
            done += 1
    return found


def _local(lake: Lake, key: str, target: Path) -> Path:
    """The file itself where the lake is on a disk, else a copy at `target`."""
    if isinstance(lake.store, LocalStore):
        return Path(lake.root).joinpath(*key.split("/"))
    target.write_bytes(lake.store.read(key))
    return target


def _own_rows(table: Table, path: Path, load: Load, target: Path) -> Path:
    """A file with this load's rows alone: small tables of many loads may share one."""
    rows = pq.ParquetFile(path).read()
    own = rows.filter(pc.equal(rows["load_id"], load.load_id))
    if own.num_rows == rows.num_rows:
        return path
    pq.write_table(own, target)
    return target
