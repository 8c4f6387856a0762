"""Building step by step gives what building everything from nothing gives, and touches less.

A random history of a lake (new jobs, other loads of a job, drops, restores, other variables, builds
that fail half-way) is built incrementally; after every step everything that people and gates read
must be what a whole build says. EVALLAKE_INCREMENTAL_STEPS makes the history longer,
EVALLAKE_INCREMENTAL_SEED another one.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from tests.fixtures.dbt import Dbt
from tests.fixtures.lakes import LakeWriter
from tests.fixtures.many_jobs import add_job
from tests.fixtures.model_runner import ModelError, ModelRunner

STEPS = int(os.environ.get("EVALLAKE_INCREMENTAL_STEPS", "1"))
SEED = int(os.environ.get("EVALLAKE_INCREMENTAL_SEED", "1"))
READ_BY_GATES = ("int_job_pairs", "int_pair_differences")


class History:
    """A lake that changes at random, and the options that it is built with."""

    def __init__(self, lake: LakeWriter) -> None:
        self.lake = lake
        self.rng = np.random.default_rng(SEED)
        self.loads = 0
        self.variables: dict[str, Any] = {}
        self.said: list[str] = []
        for _ in range(5):
            self.new_job()

    def step(self) -> str:
        """Change the lake or the options in up to three ways; what was done, in words."""
        self.said = []
        ways = (
            self.new_job,
            self.new_job,
            self.other_load,
            self.other_load,
            self.drop,
            self.restore,
            self.other_variable,
            self.other_pairs,
        )
        for way in self.rng.choice(len(ways), size=int(self.rng.integers(1, 4)), replace=False):
            ways[way]()
        return ", ".join(self.said) or "nothing"

    def new_job(self) -> None:
        self._load(f"j{len({job for job, _ in self.lake.states})}")

    def other_load(self) -> None:
        self._load(self._any_of("current"))

    def drop(self) -> None:
        job_id = self._any_of("current")
        self.lake.drop(job_id)
        self.said.append(f"drop {job_id}")

    def restore(self) -> None:
        dropped = [key for key, state in self.lake.states.items() if state == "dropped"]
        if dropped:
            job_id, load_id = dropped[int(self.rng.integers(len(dropped)))]
            self.lake.commit(job_id, load_id)
            self.said.append(f"restore {load_id} of {job_id}")

    def other_variable(self) -> None:
        self.variables["quality_threshold"] = round(float(self.rng.random()), 2)
        self.said.append(f"variables {self.variables}")

    def other_pairs(self) -> None:
        self.variables["baselines"] = [self._any_of("current")]
        self.variables["bootstrap_pairs"] = int(self.rng.integers(0, 6))
        self.said.append(f"variables {self.variables}")

    def _any_of(self, state: str) -> str:
        jobs = sorted({job for (job, _), own in self.lake.states.items() if own == state})
        return jobs[int(self.rng.integers(len(jobs)))]

    def _load(self, job_id: str) -> None:
        self.loads += 1
        add_job(self.lake, job_id, f"L{self.loads:04d}", seed=int(self.rng.integers(1000)))
        self.said.append(f"load L{self.loads:04d} of {job_id}")


SMALL = {"bootstrap_replicates": 40, "recalibration_min_examples": 20}


def runner(folder: Path, lake: Path) -> ModelRunner:
    folder.mkdir(parents=True, exist_ok=True)
    return ModelRunner(lake, folder / "tables.duckdb")


def test_step_by_step_equals_all_at_once(tmp_path: Path) -> None:
    history = History(LakeWriter(tmp_path / "lake"))
    stepwise = runner(tmp_path / "stepwise", tmp_path / "lake")
    stepwise.build(**SMALL)
    for number in range(STEPS):
        before = {**SMALL, **history.variables}
        done = f"seed {SEED}, step {number}: {history.step()}"
        if number % 2:
            # other thresholds overwrite rows until one model fails; nothing of it may stay
            with pytest.raises(ModelError):
                stepwise.build(fail_at="mart_slice_metrics", **before, low_confidence=0.9)
        stepwise.build(**{**SMALL, **history.variables})
        whole = runner(tmp_path / f"whole {number}", tmp_path / "lake")
        whole.build(**{**SMALL, **history.variables})
        different = differences(stepwise.connection, whole.connection)
        assert not different, f"{done}\n" + "\n".join(different)
        print(done)


def test_rows_of_other_jobs_are_not_rewritten(tmp_path: Path) -> None:
    lake = LakeWriter(tmp_path / "lake")
    for number in range(4):
        add_job(lake, f"j{number}", f"L{number}", seed=0)
    models = runner(tmp_path / "built", tmp_path / "lake")
    models.build(**SMALL)
    marked = leave_marks(models.connection)
    assert {"fct_examples", "mart_slice_metrics", "mart_model_deltas"} <= set(marked)

    add_job(lake, "j1", "L5", seed=1)
    models.build(**SMALL)
    # all but the rows of j1, and of pairs with it, are the very rows that were there
    assert marks_left(models.connection, marked) == marked
    assert changed_loads(models) == ["L5"]


def test_a_kept_table_is_not_built_without_what_it_is_made_from(tmp_path: Path) -> None:
    dbt = Dbt(tmp_path)
    add_job(LakeWriter(dbt.lake), "j0", "L0", seed=0)
    dbt("run", "--select", "+mart_confusion")
    dbt("run", "--select", "mart_confusion")  # holds everything already
    refused = dbt.run("run", "--select", "mart_confusion", "--vars", "{quality_threshold: 0.9}")
    assert refused.returncode != 0
    assert "select +mart_confusion" in refused.stdout


def changed_loads(models: ModelRunner) -> list[object]:
    rows = models.connection.execute("select load_id from int_changed_loads order by 1")
    return [load for (load,) in rows.fetchall()]


def leave_marks(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Overwrite a number in every kept row that is not about j1; how many rows, by table."""
    marked = {}
    for table in kept_tables(connection):
        columns = {row[0]: row[1] for row in connection.execute(f"describe {table}").fetchall()}
        number = next((name for name, kind in columns.items() if kind == "DOUBLE"), None)
        if number is not None:
            jobs = [name for name in columns if name.endswith("job_id")]
            others = " and ".join(f"{name} <> 'j1'" for name in jobs)
            connection.execute(f"update {table} set {number} = -12345 where {others}")
            marked[table] = rows_with_mark(connection, table, number)
    return {table: rows for table, rows in marked.items() if rows}


def marks_left(connection: duckdb.DuckDBPyConnection, marked: dict[str, int]) -> dict[str, int]:
    left = {}
    for table in marked:
        kinds = connection.execute(f"describe {table}").fetchall()
        number = next(row[0] for row in kinds if row[1] == "DOUBLE")
        left[table] = rows_with_mark(connection, table, number)
    return left


def rows_with_mark(connection: duckdb.DuckDBPyConnection, table: str, number: str) -> int:
    sql = f"select count(*) from {table} where {number} = -12345"
    [(rows,)] = connection.execute(sql).fetchall()
    return int(rows)


def kept_tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """What the ledger says is kept."""
    rows = connection.execute("select distinct model_name from build_ledger order by 1")
    return [name for (name,) in rows.fetchall()]


def differences(one: duckdb.DuckDBPyConnection, other: duckdb.DuckDBPyConnection) -> list[str]:
    """Tables of which the two databases say different things."""
    found = []
    names = one.execute(
        """
        select table_name from duckdb_tables()
        where schema_name = 'main' and not temporary
            and (regexp_full_match(table_name, '(fct|dim|mart)_.*') or list_contains($1, table_name))
        order by table_name
        """,
        [list(READ_BY_GATES)],
    ).fetchall()
    assert len(names) > 20
    for (name,) in names:
        difference = first_difference(sorted_rows(one, name), sorted_rows(other, name))
        if difference:
            found.append(f"{name}: {difference}")
    return found


def sorted_rows(connection: duckdb.DuckDBPyConnection, table: str) -> pa.Table:
    """A table in one order: by what is no measurement, then by measurements to nine digits."""
    columns = connection.execute(f"describe {table}").fetchall()
    exact = [f'"{name}"' for name, kind, *_ in columns if kind != "DOUBLE"]
    rough = [f'round("{name}", 9)' for name, kind, *_ in columns if kind == "DOUBLE"]
    return connection.execute(
        f"select * from {table} order by {', '.join(exact + rough)}"
    ).to_arrow_table()


def first_difference(one: pa.Table, other: pa.Table) -> str | None:
    if one.schema != other.schema:
        return f"columns {one.schema} and {other.schema}"
    if one.num_rows != other.num_rows:
        return f"{one.num_rows} and {other.num_rows} rows"
    for name in one.column_names:
        left, right = one[name].combine_chunks(), other[name].combine_chunks()
        if left.equals(right):
            continue
        if pa.types.is_floating(left.type):
            near = np.isclose(
                left.to_numpy(zero_copy_only=False),
                right.to_numpy(zero_copy_only=False),
                rtol=1e-9,
                atol=1e-9,
                equal_nan=True,
            )
            if left.null_count == right.null_count and near.all():
                continue
        return f"column {name}"
    return None
