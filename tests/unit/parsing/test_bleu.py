"""BLEU counts against sacrebleu itself, row by row and over a corpus."""

from __future__ import annotations

import random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sacrebleu.metrics.bleu import BLEU

from ingest.parsing.bleu import BleuCounts, bleu_counts

SACREBLEU = BLEU(force=True)
PIECES = [
    *(
        "the cat",
        " sat",
        " on",
        " the mat",
        "1.5",
        "1,000",
        ".",
        ",",
        "-",
        "3-4",
        "a.b",
        ".,",
        "...",
    ),
    *(
        "<skipped>",
        "-\n",
        "\n",
        "&quot;",
        "&amp;lt;",
        "&",
        "'",
        "don't",
        "é",
        "日本",
        "“",
        "。",
        "!",
    ),
    *(
        "\u00a0",
        "\u2003",
        "\x1c",
        "\u3000",
        "\x85",
        " ",
        "\t",
        "{",
        "}",
        '"',
        ":",
        "/",
        "_",
        "9.",
        ".9",
    ),
]
"""Where the tokeniser's rules meet each other."""


def statistics(prediction: str, golds: list[str]) -> list[int]:
    """sacrebleu's own counts of one row: lengths, then correct, then total n-grams."""
    references = [SACREBLEU._preprocess_segment(gold) for gold in golds]
    info = SACREBLEU._extract_reference_info(references)
    return list(
        SACREBLEU._compute_segment_statistics(SACREBLEU._preprocess_segment(prediction), info)
    )


def counted(rows: list[tuple[str | None, list[str | None] | None]]) -> BleuCounts:
    return bleu_counts(
        pa.array([prediction for prediction, _ in rows], pa.string()),
        pa.array([golds for _, golds in rows], pa.list_(pa.string())),
    )


def row_of(counts: BleuCounts, row: int) -> list[int]:
    lengths = [counts.prediction_words[row], counts.reference_words[row]]
    return [int(x) for x in (*lengths, *counts.correct[row], *counts.total[row])]


def made_text(rng: random.Random) -> str:
    return "".join(rng.choice(PIECES) for _ in range(rng.randrange(0, 14)))


def test_every_count_is_sacrebleus() -> None:
    rng = random.Random(1)
    rows = [
        (made_text(rng), [made_text(rng) for _ in range(rng.choice((1, 1, 1, 2, 4)))])
        for _ in range(4_000)
    ]
    counts = counted(rows)
    for row, (prediction, golds) in enumerate(rows):
        assert row_of(counts, row) == statistics(prediction, golds), (prediction, golds)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60), st.lists(st.text(max_size=60), min_size=1, max_size=3))
def test_any_text(prediction: str, golds: list[str]) -> None:
    assert row_of(counted([(prediction, golds)]), 0) == statistics(prediction, golds)


def test_counts_add_up_to_the_corpus_score() -> None:
    rng = random.Random(2)
    golds = [
        " ".join(rng.choices(["alpha", "beta", "gamma", "delta.", "1.5", ",", "x-y"], k=12))
        for _ in range(60)
    ]
    predictions = [
        " ".join(sorted(gold.split(), key=lambda _: rng.random() < 0.2)) for gold in golds
    ]
    counts = counted([(p, [g]) for p, g in zip(predictions, golds, strict=True)])
    score = SACREBLEU.compute_bleu(
        correct=counts.correct.sum(axis=0).tolist(),
        total=counts.total.sum(axis=0).tolist(),
        sys_len=int(counts.prediction_words.sum()),
        ref_len=int(counts.reference_words.sum()),
        smooth_method="exp",
    ).score
    assert score == pytest.approx(SACREBLEU.corpus_score(predictions, [golds]).score, abs=1e-12)


def test_without_an_answer_or_a_gold_answer_nothing_is_counted() -> None:
    counts = counted([(None, ["a"]), ("a", None), ("a", []), ("a", [None]), ("a", [None, "a"])])
    assert counts.is_counted.tolist() == [False, False, False, False, True]
    assert counts.total[:4].sum() == 0
    assert row_of(counts, 4) == [1, 1, 1, 0, 0, 0, 1, 0, 0, 0]


def test_a_long_text_between_short_ones() -> None:
    rows = [("a b", ["a b"]), ("w " * 30_000, ["w " * 20_000]), ("a b", ["a b"])]
    counts = counted(rows)
    assert row_of(counts, 1)[2:6] == [20_000, 19_999, 19_998, 19_997]
    assert row_of(counts, 0) == row_of(counts, 2) == [2, 2, 2, 1, 0, 0, 2, 1, 0, 0]


def test_no_rows() -> None:
    assert counted([]).correct.shape == (0, 4)


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="2 answers, but gold answers of 1"):
        bleu_counts(pa.array(["a", "b"]), pa.array([["a"]], pa.list_(pa.string())))


def test_repeated_words_match_as_often_as_the_gold_answer_has_them() -> None:
    counts = counted([("the the the", ["the cat", "the the"])])
    assert np.array_equal(counts.correct[0], [2, 1, 0, 0])
