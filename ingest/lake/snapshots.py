"""The log as two small tables for SQL: `loads` and `current_loads`.

Each is one Parquet object, replaced whole. Its metadata says up to which event it was folded, so
that a stale one is recognised. A stale snapshot shows older, complete loads: never half of one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ingest.lake.fold import Load
from ingest.lake.layout import snapshot_key
from ingest.lake.parquet import parquet_bytes
from ingest.lake.store import Store
from ingest.lake.ulid import made_at
from ingest.tables import CURRENT_LOADS, LOADS, Table

_SEQUENCE = b"evallake.sequence"


def write_snapshots(store: Store, loads: Iterable[Load], *, sequence: int) -> None:
    """Replace both snapshots by what `loads` says, the fold up to event `sequence`."""
    listed = list(loads)
    visible = [load for load in listed if load.state == "current"]
    for table, rows in ((LOADS, listed), (CURRENT_LOADS, visible)):
        content = parquet_bytes(table, _rows(table, rows), metadata={_SEQUENCE: b"%d" % sequence})
        store.replace(snapshot_key(table), content)


def snapshot_sequence(store: Store) -> int | None:
    """The event up to which both snapshots are folded; None where one is missing.

    One that lacks a column of the registry, because an earlier version wrote it, or that cannot be
    read, is missing too.
    """
    sequences = []
    for table in (LOADS, CURRENT_LOADS):
        key = snapshot_key(table)
        if not store.exists(key):
            return None
        try:
            schema = pq.read_schema(BytesIO(store.read(key)))
        except pa.ArrowException:
            return None
        if not set(table.schema.names) <= set(schema.names):
            return None
        metadata = schema.metadata or {}
        sequences.append(int(metadata.get(_SEQUENCE, b"0")))
    return min(sequences)


def _rows(table: Table, loads: list[Load]) -> pa.Table:
    return pa.Table.from_pylist([_row(load) for load in loads], schema=table.schema)


def _row(load: Load) -> dict[str, Any]:
    facts = load.facts
    accounting = facts.accounting
    return {
        "job_id": load.job_id,
        "load_id": load.load_id,
        "state": load.state,
        "reason": load.reason,
        "source_uri": facts.source_uri,
        "digest": facts.digest,
        "input_digest": facts.input_digest,
        "format": facts.format,
        "ingested_at_utc": _naive_utc(made_at(load.load_id)),
        "committed_at_utc": _naive_utc(load.committed_at_utc),
        "sequence": load.sequence,
        "rows_read": accounting.read,
        "rows_landed": accounting.landed,
        "rows_merged": accounting.merged,
        "rows_duplicate": accounting.duplicate,
        "rows_rejected": accounting.rejected,
        "files_json": _json([asdict(file) for file in accounting.files]),
        "tables_json": _json({table.table: table.rows for table in facts.tables}),
        "findings_json": _json([asdict(finding) for finding in facts.findings]),
    }


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _naive_utc(moment: datetime | None) -> datetime | None:
    """The lake's timestamps are UTC without saying so, as Hive's are."""
    return None if moment is None else moment.astimezone(UTC).replace(tzinfo=None)
