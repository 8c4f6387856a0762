"""Variables reach the SQL as what they are: text with a quote in it, small and whole numbers."""

from __future__ import annotations

from pathlib import Path

from tests.fixtures.lakes import LakeWriter
from tests.fixtures.model_runner import ModelRunner
from tests.rules.sql_tree import parsed

VARIABLES = {
    "label_field": "a'b",
    "cluster_field": "c'd",
    "quality_metric": "f'1",
    "confidence_name": "label'confidence",
    "correctness_metrics": [{"metric": "e'm", "threshold": 1e-05}],
    "quality_threshold": 1e-05,
    "low_confidence": 1e-05,
    "confidence_band_medium": 1e-05,
    "confidence_band_high": 1,
    "segment_confidence": 1e-05,
    "segment_accuracy": 1e-05,
    "failure_length_ratio": 1e-05,
    "hedging_phrases": ["i can't"],
}
LABEL = {"example_id": "a", "field_path": "a'b", "field_value": "X", "normalized_value": "x"}


def test_quotes_and_small_numbers_build(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    LakeWriter(lake).add_load(
        "one",
        "L1",
        {
            "examples": [{"example_id": "a", "task_name": "t"}],
            "example_fields": [{**LABEL, "side": side} for side in ("gold", "predicted")],
            "example_metadata": [{"example_id": "a", "metadata_key": "c'd", "metadata_value": "k"}],
        },
    )
    models = ModelRunner(lake, tmp_path / "tables.duckdb")
    models.build(**VARIABLES)
    asked = "select is_correct, correctness_rule, cluster_id from fct_examples"
    assert models.connection.execute(asked).fetchall() == [(True, "label:a'b", "k")]
    for model in models.written:
        parsed(models.compiled(model, **VARIABLES))
