"""Order proves that rows differ; where it proves nothing, rows are counted, and both agree."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evallake.validation import order
from evallake.validation.counting import Counts
from evallake.validation.declared import UNIQUE_TOGETHER, Expectation
from evallake.validation.order import rows_in_order
from ingest.tables import EXAMPLE_TOKENS

GRAIN = Expectation(
    type=UNIQUE_TOGETHER,
    kwargs={"column_list": ["example_id", "position"]},
    severity="critical",
    because="it is tried",
)


def batches(*rows: list[tuple[int, int | None]]) -> list[tuple[pa.Array, pa.Array]]:
    return [
        (
            pa.array([run for run, _ in batch], pa.uint64()),
            pa.array([place for _, place in batch], pa.int32()),
        )
        for batch in rows
    ]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([], 0),
        ([[]], 0),
        ([[(1, 0), (1, 1), (2, 0)]], 3),
        ([[(1, 0), (1, 1)], [], [(1, 2), (2, 0)]], 4),  # a run goes on in the next batch
        ([[(1, 0)], [(1, 0)]], None),  # twice, on both sides of a border
        ([[(1, 1), (1, 0)]], None),  # not ascending, though unlike
        ([[(1, 0), (2, 0), (1, 1)]], None),  # a run that comes again
        ([[(1, 0)], [(2, 0)], [(1, 0)]], None),
        ([[(1, None)]], None),
    ],
)
def test_what_order_tells(rows: list[list[tuple[int, int | None]]], told: int | None) -> None:
    assert rows_in_order(batches(*rows)) == told


def test_more_runs_than_are_kept_are_counted_by_somebody_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(order, "_MOST_RUNS", 2)
    assert rows_in_order(batches([(1, 0), (2, 0)])) == 2
    assert rows_in_order(batches([(1, 0), (2, 0), (3, 0)])) is None


@pytest.mark.parametrize("seed", range(8))
def test_order_and_counting_agree(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    keys = [(f"e{n}", place) for n in range(9) for place in range(4)]
    if seed % 2:
        chance.shuffle(keys)
    repeated = [chance.choice(keys) for _ in range(seed % 4)]
    keys += repeated
    rows = pa.table(
        {
            "example_id": [key for key, _ in keys],
            "position": pa.array([place for _, place in keys], pa.int32()),
            "is_ambiguous": [False] * len(keys),
        }
    )
    path = tmp_path / "tokens.parquet"
    pq.write_table(rows, path)
    with Counts({EXAMPLE_TOKENS.name: [path]}, parameters={}, scratch=tmp_path) as counts:
        by_order = counts.evaluate(EXAMPLE_TOKENS.name, GRAIN)
        monkeypatch.setattr(counts, "_rows_in_order", lambda *_: None)
        by_counting = counts.evaluate(EXAMPLE_TOKENS.name, GRAIN)
    assert (by_counting.rows, by_counting.unexpected) == (by_order.rows, by_order.unexpected)
    assert sorted(by_counting.examples) == sorted(by_order.examples)
    assert by_order.rows == len(keys)
    assert (by_order.unexpected == 0) == (not repeated)
