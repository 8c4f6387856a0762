"""A landed load whose tables can be spoilt: rows of every lake table by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ingest.lake.accounting import Accounting, FileAccount
from ingest.tables import SOURCE_TABLES

Tables = dict[str, pa.Table]
Spoil = Callable[[pa.Table], pa.Table]


def tables_of(root: Path, job_id: str) -> Tables:
    """The rows of one job of a lake on disk, as its files hold them."""
    found = {}
    for table in SOURCE_TABLES:
        folder = root / table.name
        paths = sorted((folder / f"job_id={job_id}").rglob("*.parquet"))
        if not table.is_large:
            paths = [p for p in sorted(folder.glob("*.parquet")) if not p.name.startswith("_")]
        if paths:
            rows = pa.concat_tables(pq.ParquetFile(path).read() for path in paths)
            found[table.name] = _of_job(rows, job_id)
    return found


def _of_job(rows: pa.Table, job_id: str) -> pa.Table:

    return rows.filter(pc.equal(rows["job_id"], job_id)) if "job_id" in rows.column_names else rows


def write(tables: Mapping[str, pa.Table], folder: Path) -> dict[str, Sequence[Path]]:
    """One Parquet file per table that has rows."""
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, Sequence[Path]] = {}
    for name, rows in tables.items():
        if rows.num_rows:
            path = folder / f"{name}.parquet"
            pq.write_table(rows, path)
            files[name] = [path]
    return files


def accounting(*, landed: int, rejected: int) -> Accounting:
    """An account of one input file."""
    account = FileAccount(
        "details.parquet", 1, "0" * 64, read=landed + rejected, landed=landed, rejected=rejected
    )
    return Accounting((account,))


def with_values(column: str, values: Mapping[int, object]) -> Spoil:
    """Puts values into a column at row numbers."""

    def spoil(rows: pa.Table) -> pa.Table:
        number = rows.schema.get_field_index(column)
        field = rows.schema.field(number)
        changed = rows[column].to_pylist()
        for row, value in values.items():
            changed[row] = value
        nullable = field.with_nullable(True)
        return rows.set_column(number, nullable, pa.array(changed, field.type))

    return spoil
