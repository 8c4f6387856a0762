"""The chain of models from facts to estimates, run in memory over made-up facts."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import numpy as np
import pyarrow as pa

from tests.unit.statistics.macros import ROOT, render

CHAIN = (
    "int_example_outcomes",
    "int_outcomes",
    "int_slice_values",
    "int_slices",
    "int_example_slices",
    "int_slice_outcomes",
    "int_slice_repeats",
    "int_slice_totals",
    "int_calibration_bins",
    "int_slice_calibration",
    "mart_job_summary",
    "mart_slice_metrics",
    "mart_calibration_bins",
    "mart_confidence_thresholds",
    "int_recalibration_bins",
    "int_recalibration_training",
    "int_recalibration_fits",
    "int_recalibration_steps",
    "int_recalibration_outcomes",
    "int_calibrated_confidence",
    "mart_recalibration",
    "mart_recalibration_folds",
    "mart_recalibration_bins",
)
"""In the order in which they read each other."""

EXAMPLE_COLUMNS = pa.schema(
    [
        ("job_id", pa.string()),
        ("example_id", pa.string()),
        ("cluster_id", pa.string()),
        ("is_correct", pa.bool_()),
        ("confidence", pa.float64()),
        ("quality_score", pa.float64()),
        ("is_quality_pass", pa.bool_()),
        ("is_schema_valid", pa.bool_()),
    ]
)
SLICE_COLUMNS = pa.schema(
    [
        ("job_id", pa.string()),
        ("example_id", pa.string()),
        ("slice_key", pa.string()),
        ("slice_value", pa.string()),
        ("is_outcome_slice", pa.bool_()),
    ]
)

Row = Mapping[str, object]


def build(
    connection: duckdb.DuckDBPyConnection,
    examples: list[Row],
    slices: list[Row],
    jobs: list[str],
    **variables: object,
) -> None:
    """Create the facts and every model of `CHAIN` as tables of `connection`."""
    facts = {
        "stg_lake__jobs": pa.table({"job_id": pa.array(jobs, pa.string())}),
        "stg_lake__current_loads": pa.table(
            {
                "job_id": pa.array(jobs, pa.string()),
                "load_id": pa.array([f"load of {job}" for job in jobs], pa.string()),
            }
        ),
        "fct_examples": pa.Table.from_pylist(list(examples), schema=EXAMPLE_COLUMNS),
        "fct_example_slices": pa.Table.from_pylist(list(slices), schema=SLICE_COLUMNS),
        "fct_example_confidence": pa.table(
            {
                "job_id": pa.array([row["job_id"] for row in examples], pa.string()),
                "logprobs_status": pa.array(
                    ["absent" if row["confidence"] is None else "ok" for row in examples],
                    pa.string(),
                ),
                "alignment": pa.array(
                    [None if row["confidence"] is None else "exact" for row in examples],
                    pa.string(),
                ),
                "alignment_count": pa.array(np.ones(len(examples)), pa.int64()),
                "is_label_ambiguous": pa.array(np.zeros(len(examples), bool)),
                "label_token_straddles": pa.array(np.zeros(len(examples), bool)),
            }
        ),
    }
    for name, table in facts.items():
        connection.register("given", table)
        connection.execute(f"create or replace table {name} as select * from given")
        connection.unregister("given")
    for name in CHAIN:
        path = next((ROOT / "models").rglob(f"{name}.sql"))
        text = render(path.read_text(encoding="utf-8"), **variables)
        connection.execute(f"create or replace table {name} as {text}")


def rows_of(connection: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, object]]:
    """The rows of a query as dicts."""
    return connection.execute(sql).to_arrow_table().to_pylist()
