"""Folding what a lake of many jobs has too many of: small files, and events of the log.

Tables without partitions have one file per load. `compact` writes the rows of all loads into one
file beside them, and then tells the log that each load's rows are in it. For a while they are in
both: staging reads each row once, since copies are equal in every column, and the old files stay
until vacuum, for readers that have listed them. So whichever files a reader finds, the old, the
new or both, it reads the same rows. Large tables are left alone: a load writes parts that are full.

Events stay for ever, since their numbers must never be free again; a checkpoint of the log spares
readers from reading them.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ingest.errors import LakeError, OutcomeUnknownError, StoreError
from ingest.lake.events import Compacted, FoldedFile
from ingest.lake.fold import Load
from ingest.lake.lake import Lake
from ingest.lake.layout import compacted_key
from ingest.lake.parquet import parquet_bytes
from ingest.lake.store import Store
from ingest.parallel import each
from ingest.tables import DATA_TABLES, Table

log = logging.getLogger(__name__)

SMALL_TABLES = tuple(table for table in DATA_TABLES if not table.is_large)
"""Tables of one file a load."""
_FEWEST_EVER = 2
DEFAULT_FEWEST = 8
"""Files of a table that are worth folding (count)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFolded:
    """What became of one small table."""

    table: str
    files_before: int
    """Files that its loads' rows were in (count)."""
    files_after: int
    rows: int
    """Rows that were written anew (count); 0 where nothing was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompactResult:
    """What a compaction did."""

    tables: tuple[TableFolded, ...]
    events: int
    """Events that the lake's checkpoint now holds (count)."""


def compact(lake: Lake, *, now: datetime, fewest: int = DEFAULT_FEWEST) -> CompactResult:
    """Fold small files and the log; no reader sees another row than before.

    Args:
        lake: any number of writers and readers may be at work on it.
        now: aware.
        fewest: files of a table (count) from which on they are folded; at least 2.

    Raises:
        LakeError: a file is not what the log says of it, or a vacuum was quicker; nothing changed.
        StoreError: the store refuses; nothing changed.
    """
    loads = tuple(lake.folding().loads.values())
    compaction_id = lake.new_load_id()
    at_least = max(fewest, _FEWEST_EVER)
    folded = []
    for table in SMALL_TABLES:
        file = _fold_what_is_there(lake, table, compaction_id=compaction_id, at_least=at_least)
        if file is not None:
            folded.append(file)
    if folded:
        _tell(lake, folded, compaction_id=compaction_id, now=now)
    lake.refresh_snapshots(only_if_stale=True)  # also what an earlier one was killed before
    events = lake.write_checkpoint()
    after = tuple(lake.folding().loads.values())
    rows = {file.table: file.rows for file in folded}
    tables = tuple(
        TableFolded(
            table=table.name,
            files_before=len(_loads_by_file(loads, table)),
            files_after=len(_loads_by_file(after, table)),
            rows=rows.get(table.name, 0),
        )
        for table in SMALL_TABLES
    )
    told = {table.table: table.rows for table in tables}
    log.info("a lake is compacted", extra={"lake": lake.root, "events": events, "rows": told})
    return CompactResult(tables=tables, events=events)


def _loads_by_file(loads: Iterable[Load], table: Table) -> dict[str, list[str]]:
    """The files of a small table that rows of loads are in, in the order of the log, and for each
    the ids of the loads whose rows count there."""
    found: dict[str, list[str]] = {}
    for load in loads:
        for files in load.facts.tables:
            if files.table == table.name:
                for key in files.keys:
                    found.setdefault(key, []).append(load.load_id)
    return found


def _fold_what_is_there(
    lake: Lake, table: Table, *, compaction_id: str, at_least: int
) -> FoldedFile | None:
    """One file for the table's many; None where they are too few.

    Looked up anew where a vacuum, or another compaction, was quicker with some of them.
    """
    while True:
        loads = tuple(lake.folding().loads.values())
        keys = _loads_by_file(loads, table)
        if len(keys) < at_least:
            return None
        try:
            return _fold(lake.store, table, loads, compaction_id=compaction_id)
        except StoreError:
            if keys.keys() <= _loads_by_file(lake.folding().loads.values(), table).keys():
                raise


def _fold(
    store: Store, table: Table, loads: Sequence[Load], *, compaction_id: str
) -> FoldedFile | None:
    """Write one file with the rows of all loads; None where fewer than two files can be folded."""
    of_files = _loads_by_file(loads, table)

    def read(key: str) -> pa.Table | None:
        try:
            return _as_declared(table, pq.read_table(io.BytesIO(store.read(key))))
        except pa.ArrowException as error:
            raise _differs(key, f"it is not readable ({error})") from error

    read_tables = dict(zip(of_files, each(read, of_files, at_once=store.at_once), strict=True))
    foldable = {key: rows for key, rows in read_tables.items() if rows is not None}
    if len(foldable) < _FEWEST_EVER:
        return None
    expected = {
        load.load_id: files.rows
        for load in loads
        for files in load.facts.tables
        if files.table == table.name and files.keys and set(files.keys) <= set(foldable)
    }
    # Of each file only the rows of loads that the log has in it: where two compactions ran at
    # once, both files hold what both folded.
    parts = [
        rows.filter(pc.is_in(rows["load_id"], pa.array(of_files[key], pa.string())))
        for key, rows in foldable.items()
    ]
    rows = pa.concat_tables(parts)
    rows = rows.filter(pc.is_in(rows["load_id"], pa.array(list(expected), pa.string())))
    rows = rows.sort_by([("load_id", "ascending")])  # a reader of few loads skips row groups
    counted = rows.group_by("load_id").aggregate([([], "count_all")]).to_pydict()
    found = dict(zip(counted["load_id"], counted["count_all"], strict=True))
    for load_id, count in expected.items():
        if found.get(load_id, 0) != count:
            what = f"load {load_id} has {found.get(load_id, 0)} rows, by the log {count}"
            raise _differs(f"{table.name}/", what)
    key = compacted_key(table, compaction_id=compaction_id)
    content = parquet_bytes(table, rows)
    store.replace(key, content)
    return FoldedFile(
        table=table.name,
        key=key,
        rows=rows.num_rows,
        bytes=len(content),
        loads=tuple(expected),
    )


def _as_declared(table: Table, rows: pa.Table) -> pa.Table | None:
    """The rows with the columns that came after they were written, as nulls.

    None for those that would lose something: they have columns that only a later version knows,
    or lack one that must not be null.
    """
    if not set(rows.column_names) <= set(table.schema.names):
        return None
    columns = []
    for field in table.schema:
        if field.name in rows.column_names:
            if rows.schema.field(field.name).type != field.type:
                return None
            columns.append(rows[field.name])
        elif field.nullable:
            columns.append(pa.nulls(rows.num_rows, field.type))
        else:
            return None
    return pa.table(columns, schema=table.schema)


def _differs(key: str, why: str) -> LakeError:
    return LakeError(
        f"this is not what the log says was written ({why})",
        where=key,
        do="nothing was folded; restore the file from a backup, or drop the job and ingest it anew",
    )


def _tell(lake: Lake, folded: Sequence[FoldedFile], *, compaction_id: str, now: datetime) -> None:
    """Append the event; where it was certainly not written, the files go again."""
    event = Compacted(
        event_id=lake.new_load_id(),
        at_utc=now,
        compaction_id=compaction_id,
        files=tuple(folded),
    )
    try:
        lake.append(event)
    except OutcomeUnknownError:
        raise
    except StoreError as failure:
        for file in folded:
            try:
                lake.store.delete(file.key)
            except StoreError as error:
                failure.add_note(f"left behind, its rows are there twice until vacuum: {error}")
        raise
    if compaction_id in lake.folding().banned:
        raise LakeError(
            "a vacuum took the folded files for waste, so the old ones count",
            where=lake.root,
            do="compact again, and give vacuum a --grace longer than a compaction takes",
        )
