"""Which words are a verdict, and which response a verdict of the backward pass means."""

from __future__ import annotations

import numpy as np
import pytest

from ingest.formats.orientation import Orientation
from ingest.formats.verdicts import NOTHING, TIE, UNKNOWN, A, B, read_verdict, read_verdicts

NAN = float("nan")


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        *(("A>B", A), ("A >> B", A), ("b < a", A), ("[[A>B]]", A), ("A≫B", A), ("A", A)),
        *(("Response A is better", A), ("**model A**", A), ("'A'", A), ("A wins", A)),
        *(("B>A", B), ("A<B", B), ("[[B]]", B), ("assistant_b", B), ("Option B.", B)),
        *(("A=B", TIE), ("B = A", TIE), ("A≈B", TIE), ("tie", TIE), ("[[C]]", TIE), ("Draw", TIE)),
        *((None, NOTHING), ("", NOTHING), ("  ", NOTHING), ("None", NOTHING), ("ERROR", NOTHING)),
        *(("bananas", UNKNOWN), ("A>=B", UNKNOWN), ("A>A", UNKNOWN), ("A<>B", UNKNOWN)),
        ("Both are fine answers", UNKNOWN),
        ("First I compare.\n\nFinal verdict: A>B", A),
        ("**Preference:** `B>A`\nbecause it is shorter", B),
        ("A is short.\nB is long.\n\n[[B>A]]", B),
        ("I think [[A>B]] at first, but [[A=B]]", TIE),
        ("In my view A>B here, since the other answer invents a fact and is longer than asked", A),
        (
            "Choose one of A>B, A=B and B>A. The answers are hard to tell apart for this judge.",
            UNKNOWN,
        ),
        ("long reasoning about a and b that ends without any verdict at all, " * 4, UNKNOWN),
        ("reasons, " * 20 + "\nA=B", TIE),
    ],
)
def test_words(text: str | None, verdict: int) -> None:
    assert read_verdict(text) == verdict


def test_a_column_is_read_as_its_texts_are() -> None:
    texts = ["A>B", None, "A>B", "x"]
    assert read_verdicts(texts) == [read_verdict(text) for text in texts]


def heard(rows: list[tuple[int, int, float, float]]) -> Orientation:
    orientation = Orientation()
    columns = np.array(rows, float).reshape(-1, 4)
    verdicts = columns[:, :2].astype(np.int64)
    votes = np.column_stack([columns[:, 2:], np.zeros(len(columns))])
    orientation.add(verdicts[:, 0], verdicts[:, 1], votes)
    return orientation


def test_words_that_name_the_places_are_turned_round() -> None:
    orientation = heard([(A, B, 2, 0), (TIE, A, 0, 1), (A, A, 1, 1)])
    assert orientation.is_known
    assert orientation.turned(np.array([A, B, TIE, UNKNOWN, NOTHING])).tolist() == [
        *(B, A, TIE),
        *(UNKNOWN, NOTHING),
    ]


def test_words_that_name_the_responses_stay() -> None:
    orientation = heard([(A, A, 2, 0), (TIE, B, 0, 1)])
    assert orientation.is_known
    assert orientation.turned(np.array([A, B, TIE])).tolist() == [A, B, TIE]


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([], id="no rows"),
        pytest.param([(A, TIE, 1, 0)], id="only ties tell nothing"),
        pytest.param([(A, B, NAN, NAN)], id="no votes"),
        pytest.param([(A, A, 2, 0), (A, B, 2, 0)], id="rows that contradict each other"),
        pytest.param([(A, A, 2, 0), (A, A, 0, 2)], id="a row that fits neither"),
        pytest.param([(UNKNOWN, A, 2, 0), (NOTHING, B, 0, 2)], id="no forward verdict"),
    ],
)
def test_an_orientation_that_cannot_be_told_is_not_told(
    rows: list[tuple[int, int, float, float]],
) -> None:
    assert not heard(rows).is_known
