"""How many bytes Athena would scan, and charge for, to answer each question of `sql/`.

    python -m benchmarks.bench_bytes_scanned --examples 1000000
    python -m benchmarks.bench_bytes_scanned --published lake/evallake.duckdb

Athena reads, of each Parquet file, the chunks of the columns that a statement names, compressed
as they are. So every table that a question reads is written out as Athena would hold it (Parquet,
ZSTD, facts partitioned by job and load), and the chunks of the columns that the question reads are
added up, with the files' footers, as often as it reads them. No filter but one on a partition is taken to save anything: what
Athena skips by the statistics of row groups comes off this. Without `--published` two jobs are
written (`benchmarks.jobs`), landed and built first. The bar: 100 MB a question on a million
examples.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
from sqlglot import parse_one
from sqlglot.optimizer.pushdown_projections import pushdown_projections
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope

from benchmarks.jobs import SHAPES, write_job
from benchmarks.measuring import machine
from evallake.engines.duckdb import prepare
from evallake.project import find_project
from evallake.query import list_questions

BAR_BYTES = 100e6
"""On a lake of a million examples."""
PARTITION_KEYS = ("job_id", "load_id")
"""Of facts: their values stand in paths, which cost nothing to read."""

Scan = tuple[str, frozenset[str]]
"""A table and the columns that are read of it."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One table as Athena would hold it."""

    rows: int
    files: int
    column_bytes: dict[str, int]
    """Compressed bytes of each column's chunks; partition keys have none."""
    footer_bytes: int


def scans(sql: str, schema: Mapping[str, list[str]]) -> list[Scan]:
    """Which columns of which tables a statement reads, one entry for each time that it does.

    What stands in `with` is read anew wherever it is used: Athena keeps nothing of it.

    Args:
        sql: one statement, in Athena's dialect.
        schema: the columns of every table that it may read.
    """
    nested = {table: dict.fromkeys(names, "varchar") for table, names in schema.items()}
    tree = qualify(parse_one(sql, dialect="athena"), schema=nested, dialect="athena")
    scope = build_scope(pushdown_projections(tree))
    assert scope is not None
    return _scans(scope)


def _scans(scope: Scope) -> list[Scan]:
    found: list[Scan] = []
    for name, (_, source) in scope.selected_sources.items():
        if isinstance(source, Scope):
            found += _scans(source)
        else:
            columns = {column.name for column in scope.columns if column.table == name}
            found.append((source.name, frozenset(columns)))
    for inner in (*scope.subquery_scopes, *scope.set_operation_scopes):
        found += _scans(inner)
    return found


def stored(connection: duckdb.DuckDBPyConnection, table: str, folder: Path) -> Stored:
    """Write `table` below `folder` as Athena would hold it, and weigh its columns."""
    partitions = ""
    if table.startswith("fct_"):
        partitions = f", partition_by ({', '.join(PARTITION_KEYS)})"
    target = folder / (table if partitions else f"{table}.parquet")
    connection.execute(
        f"copy (from {table}) to '{target}' (format parquet, compression zstd{partitions})"
    )
    files = sorted(target.rglob("*.parquet")) if partitions else [target]
    weights: dict[str, int] = {}
    rows = footers = 0
    for file in files:
        metadata = pq.read_metadata(file)
        rows += metadata.num_rows
        footers += metadata.serialized_size
        for group in range(metadata.num_row_groups):
            for index in range(metadata.num_columns):
                chunk = metadata.row_group(group).column(index)
                name = chunk.path_in_schema.split(".")[0]
                weights[name] = weights.get(name, 0) + chunk.total_compressed_size
    return Stored(rows, len(files), weights, footers)


def tables_of(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """Columns of every table and view of the published file."""
    rows = connection.execute(
        "select table_name, column_name from duckdb_columns() where not internal"
    ).fetchall()
    found: dict[str, list[str]] = {}
    for table, column in rows:
        found.setdefault(table, []).append(column)
    return found


def measure(published: Path) -> dict[str, object]:
    """What each question scans, and what each table that they read weighs (bytes)."""
    questions = list_questions(find_project())
    tables: dict[str, Stored] = {}
    scanned: dict[str, dict[str, int]] = {}
    with (
        tempfile.TemporaryDirectory(prefix="evallake-bench-") as folder,
        duckdb.connect(str(published), read_only=True) as connection,
    ):
        prepare(connection)
        schema = tables_of(connection)
        examples = connection.execute("select sum(examples) from dim_jobs").fetchall()[0][0]
        for question in questions:
            parts: dict[str, int] = {}
            for table, columns in scans(question.sql, schema):
                if table not in tables:
                    tables[table] = stored(connection, table, Path(folder))
                held = tables[table]
                read = sum(held.column_bytes.get(column, 0) for column in columns)
                parts[table] = parts.get(table, 0) + held.footer_bytes + read
            scanned[question.name] = parts
    return {
        "examples": int(examples),
        "questions": scanned,
        "tables": {
            name: {
                "rows": table.rows,
                "files": table.files,
                "bytes": sum(table.column_bytes.values()) + table.footer_bytes,
            }
            for name, table in tables.items()
        },
    }


def make(folder: Path, *, examples: int, shape: str) -> Path:
    """Two jobs written, landed and built below `folder`; the published file."""
    evallake = [sys.executable, "-m", "evallake", "--root", str(folder / "lake")]
    for name in ("nova-lite", "nova-micro"):
        job = write_job(folder / "jobs", rows=examples // 2, shape=SHAPES[shape], name=name)
        subprocess.run([*evallake, "ingest", str(job), "--model", name], check=True)
    subprocess.run([*evallake, "build"], check=True)
    return folder / "lake" / "evallake.duckdb"


def tell(found: dict[str, object]) -> None:
    """Print both tables, the dearest question first."""
    questions, tables = found["questions"], found["tables"]
    assert isinstance(questions, dict)
    assert isinstance(tables, dict)
    print(f"{found['examples']:,} examples; MB that Athena scans for each question")
    for name, parts in sorted(questions.items(), key=lambda item: -sum(item[1].values())):
        total = sum(parts.values())
        told = ", ".join(f"{table} {size / 1e6:,.3f}" for table, size in parts.items())
        print(f"  {total / 1e6:10,.3f}  {name:<28} {told}{'  OVER' if total > BAR_BYTES else ''}")
    print("\ntables that questions read: MB, rows")
    for name, table in sorted(tables.items(), key=lambda item: -item[1]["bytes"]):
        print(f"  {table['bytes'] / 1e6:10,.3f}  {table['rows']:>12,}  {name}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--examples", type=int, default=20_000, help="in two jobs together")
    parser.add_argument("--shape", choices=sorted(SHAPES), default="small")
    parser.add_argument("--folder", type=Path, help="where to work; a temporary folder by default")
    parser.add_argument("--published", type=Path, help="measure this build instead of a new one")
    parser.add_argument("--json", type=Path, help="write the numbers there too")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="evallake-bench-") as temporary:
        folder = given.folder or Path(temporary)
        published = given.published or make(folder, examples=given.examples, shape=given.shape)
        found = measure(published)
    tell(found)
    if given.json is not None:
        given.json.write_text(json.dumps({"machine": machine(), **found}, indent=2) + "\n")


if __name__ == "__main__":
    main()
