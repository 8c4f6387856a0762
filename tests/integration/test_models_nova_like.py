"""The container-like run, from its files to the facts: our confidence beside the notebook's."""

from __future__ import annotations

import ast
import json
import math
import re
from datetime import UTC, datetime
from typing import Any

import pyarrow.parquet as pq
import pytest

from ingest.lake import Lake
from ingest.landing import IngestOptions, ingest_source
from tests.fixtures.dbt import PROJECT, Dbt

JOB = PROJECT.parent / "shared" / "data" / "lighteval" / "nova-like"

pytestmark = pytest.mark.skipif(not JOB.exists(), reason="the shared example data is not here")


@pytest.fixture(scope="module")
def dbt(tmp_path_factory: pytest.TempPathFactory) -> Dbt:
    """The run, ingested and built as far as the facts of examples."""
    dbt = Dbt(tmp_path_factory.mktemp("nova_like"))
    ingest_source(
        str(JOB / "support-ticket-classification"),
        Lake.open(str(dbt.lake), create=True),
        options=IngestOptions(job_id="nova-like"),
        now=lambda: datetime(2026, 1, 1, tzinfo=UTC),
    )
    dbt("run", "--select", "+fct_examples", "+fct_field_confidence")
    return dbt


@pytest.fixture(scope="module")
def facts(dbt: Dbt) -> dict[str, dict[str, Any]]:
    """What the facts say of each example, by its query."""
    names = [
        *("query", "prediction_text", "notebook_confidence", "label_confidence"),
        *("gold_label", "predicted_label", "is_correct"),
    ]
    found = dbt.rows(
        f"""
        select {", ".join(names)}
        from stg_lake__examples
        inner join int_example_confidence using (job_id, example_id, notebook_confidence)
        inner join fct_examples using (job_id, example_id)
        """
    )
    return {str(row[0]): dict(zip(names, row, strict=True)) for row in found}


@pytest.fixture(scope="module")
def details() -> list[dict[str, Any]]:
    [path] = JOB.rglob("details_*.parquet")
    return pq.read_table(path).to_pylist()


@pytest.fixture(scope="module")
def truth() -> list[dict[str, Any]]:
    return pq.read_table(JOB / "truth.parquet").to_pylist()


def published(details: dict[str, Any]) -> float:
    """The notebook's number from the container's row itself, as its text describes it."""
    answer = ast.literal_eval(details["predictions"])[0].strip()
    try:
        label = str(json.loads(answer).get("class", "")).strip()
    except (ValueError, AttributeError):
        return 0.0
    likeliest: dict[str, float] = {}
    for position in ast.literal_eval(details["pred_logprobs"])[0]:
        if position:
            text = max(position, key=lambda token: position[token])
            likeliest[text] = math.exp(position[text])
    parts = [part.lower() for part in re.split(r"[_\s]+", label) if part]
    for text, probability in likeliest.items():
        word = re.sub(r"[^a-zA-Z0-9]", "", text).lower()
        if word and any(part.startswith(word) or word.startswith(part) for part in parts):
            return probability
    return 0.0


def test_the_notebooks_number_is_reproduced_flaws_included(
    facts: dict[str, dict[str, Any]], details: list[dict[str, Any]]
) -> None:
    assert len(facts) == len(details) == 40
    for row in details:
        assert facts[row["example"]]["notebook_confidence"] == pytest.approx(
            published(row), abs=1e-12
        )


def test_label_confidence_is_the_emitted_tokens_probability(
    facts: dict[str, dict[str, Any]], truth: list[dict[str, Any]]
) -> None:
    for row in truth:
        ours = facts[row["example"]]["label_confidence"]
        if not row["label_positions"]:
            assert ours is None
        else:
            assert ours == pytest.approx(math.exp(row["logprobs"][row["label_positions"][0]]))


def test_the_two_differ_where_the_notebook_is_wrong(facts: dict[str, dict[str, Any]]) -> None:
    apart = [
        row
        for row in facts.values()
        if row["label_confidence"] is None
        or abs(row["label_confidence"] - row["notebook_confidence"]) > 1e-9
    ]
    assert 0 < len(apart) < len(facts)


def test_labels_and_accuracy(facts: dict[str, dict[str, Any]], truth: list[dict[str, Any]]) -> None:
    for row in truth:
        assert facts[row["example"]]["gold_label"] == row["gold_label"]
        assert facts[row["example"]]["predicted_label"] == row["pred_label"]
    assert sum(row["is_correct"] for row in facts.values()) == 25
    assert all(row["is_correct"] is not None for row in facts.values())


def test_no_fact_compares_all_pairs_of_rows(dbt: Dbt) -> None:
    # a join condition that is more than equalities makes a build quadratic
    facts = sorted((dbt.compiled / "models").glob("*/facts/*.sql"))
    assert len(facts) >= 3
    for fact in facts:
        [[_, plan]] = dbt.rows(f"explain {fact.read_text(encoding='utf-8')}")
        for operator in ("NL_JOIN", "NESTED_LOOP_JOIN", "CROSS_PRODUCT"):
            assert operator not in str(plan), f"{fact.name}: {operator}"
