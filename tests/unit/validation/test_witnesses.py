"""A few rows tell what all rows would: the shortcuts agree with Great Expectations itself."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evallake.validation.declared import NOT_NULL, REGISTRY, Expectation
from evallake.validation.rows import OF_SCHEMA, RowValidator
from evallake.validation.structure import structural
from evallake.validation.witnesses import BETWEEN, PAIR, witnesses
from ingest.tables import SOURCE_TABLES, Table

IN_SET = "expect_column_values_to_be_in_set"


def expectation(type_: str, **kwargs: object) -> Expectation:
    return Expectation(type=type_, kwargs=kwargs, severity="critical", because="it is tried")


TRIED = (
    expectation(NOT_NULL, column="number"),
    expectation(BETWEEN, column="number", min_value=-3, max_value=3),
    expectation(BETWEEN, column="share", max_value=0),
    expectation(IN_SET, column="word", value_set=["a", "b", "é"]),
    expectation("expect_column_values_to_match_regex", column="word", regex="^[a-zé]$"),
    expectation(
        PAIR, column_A="end", column_B="number", or_equal=True, ignore_row_if="either_value_is_missing"
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def validator() -> RowValidator:
    return RowValidator()


def made(seed: int) -> pa.Table:
    """Rows that sometimes break an expectation and sometimes do not; some columns are all null."""
    chance = random.Random(seed)
    rows = chance.choice([1, 2, 40])
    faults, nulls = chance.choice([0, 0, 0.1]), chance.choice([0, 0.2, 1])

    def column(good: object, bad: object) -> list[object]:
        return [
            None if chance.random() < nulls else bad if chance.random() < faults else good
            for _ in range(rows)
        ]

    return pa.table(
        {
            "number": pa.array(column(chance.randint(-3, 3), 4), pa.int32()),
            "share": pa.array(column(-0.5, 0.25), pa.float64()),
            "word": pa.array(column(chance.choice("abé"), "?"), pa.string()),
            "end": pa.array(column(3, -4), pa.int32()),
        }
    )


@pytest.mark.parametrize("seed", range(12))
def test_rows_that_are_shown_decide_as_all_rows_do(
    validator: RowValidator, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rows.parquet"
    pq.write_table(made(seed), path)
    by_few = validator.evaluate("made", [path], TRIED)
    monkeypatch.setattr("evallake.validation.rows.witnesses", lambda *_: None)
    by_all = validator.evaluate("made", [path], TRIED)
    assert by_few == by_all


def test_the_decisive_rows_are_found() -> None:
    rows = pa.table({"number": pa.array([0, 9, None, -9, 1], pa.int32())})
    assert witnesses(rows, TRIED[0]) == [2]
    assert sorted(witnesses(rows, TRIED[1]) or ()) == [1, 3]


def test_a_difference_that_leaves_32_bits_is_found() -> None:
    ends = pa.array([3, -(2**31)], pa.int32())
    rows = pa.table({"end": ends, "number": pa.array([1, 1], pa.int32())})
    assert witnesses(rows, TRIED[5]) == [1]


def test_where_something_is_not_a_number_all_rows_are_looked_at() -> None:
    rows = pa.table({"share": pa.array([-0.5, float("nan"), None])})
    assert witnesses(rows, TRIED[2]) is None
    assert witnesses(rows.slice(0, 1), TRIED[2]) == [0, 0]


def test_many_distinct_values_are_all_looked_at() -> None:
    rows = pa.table({"word": [str(number) for number in range(500)]})
    assert witnesses(rows, TRIED[3]) is None


@pytest.mark.parametrize("table", SOURCE_TABLES, ids=lambda table: table.name)
def test_the_registrys_schema_meets_what_is_derived_from_it(
    validator: RowValidator, tmp_path: Path, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So a file with that schema needs no look."""
    derived = [e for e in structural(table) if e.type in OF_SCHEMA]
    assert {e.origin for e in derived} == {REGISTRY}
    path = tmp_path / "rows.parquet"
    pq.write_table(table.schema.empty_table(), path)
    monkeypatch.setattr("evallake.validation.rows.is_declared", lambda *_: False)
    outcomes = validator.evaluate(table.name, [path], derived)
    assert len(outcomes) == len(derived)
    assert all(outcome.is_met and outcome.rows == 1 for outcome in outcomes)
