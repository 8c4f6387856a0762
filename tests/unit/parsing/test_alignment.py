"""Which token was emitted: the rules, the reasons for them, and every small case tried out."""

from __future__ import annotations

import itertools
import math
import random

import numpy as np
import pyarrow as pa
import pytest

from ingest.parsing.alignment import ALIGNMENT_NAMES, Alignment, align
from ingest.parsing.lattice import MOST_SEQUENCES
from ingest.raw import POSITIONS

Dicts = list[dict[str, float | None]]


def positions_of(rows: list[Dicts | None]) -> pa.Array:
    return pa.array(
        [
            row and [[{"token": t, "logprob": lp} for t, lp in d.items()] for d in row]
            for row in rows
        ],
        POSITIONS,
    )


def aligned(text: str | None, row: Dicts) -> Alignment:
    return align(pa.array([text], pa.string()), positions_of([row]))


def tokens(found: Alignment, row: Dicts) -> list[str | None]:
    return [
        list(d)[place] if place >= 0 else None for d, place in zip(row, found.emitted, strict=True)
    ]


def status(found: Alignment) -> str:
    return ALIGNMENT_NAMES[found.status[0]]


def ranges(found: Alignment) -> list[tuple[int, int]]:
    return list(zip(found.char_start.tolist(), found.char_end.tolist(), strict=True))


# ---- why the simple ways are wrong


def test_the_maximum_is_not_the_emitted_token() -> None:
    """With sampling, a less likely token was emitted: the text tells, the probability does not."""
    row = [{"The": -0.1, "A": -2.5}, {"▁cat": -0.7, "▁dog": -0.9}]
    found = aligned("A dog", row)
    assert tokens(found, row) == ["A", "▁dog"]
    assert found.logprob.tolist() == [-2.5, -0.9]
    assert found.margin.tolist() == pytest.approx([-2.4, -0.2])
    assert found.emitted_rank.tolist() == [1, 1]


def test_the_longest_match_is_not_the_emitted_token() -> None:
    """`Hardware` fits and is longer, but then `ware` has no place: only `Hard` can be."""
    row = [{"Hardware": -0.2, "Hard": -1.8}, {"ware": -0.1, "core": -3.0}, {"_": -0.1, ".": -4.0}]
    found = aligned("Hardware_", row)
    assert tokens(found, row) == ["Hard", "ware", "_"]
    assert (status(found), found.alignment_count[0]) == ("exact", 1)
    assert not found.is_ambiguous.any()


def test_a_token_keyed_dict_forgets_that_tokens_repeat() -> None:
    """The same token at three places has three probabilities; a dict by text keeps one of them."""
    row = [{"ha": lp, "ho": -3.0} for lp in (-0.1, -1.1, -2.1)]
    found = aligned("hahaha", row)
    assert found.logprob.tolist() == [-0.1, -1.1, -2.1]
    assert len(set(tokens(found, row))) == 1


# ---- how candidates read


@pytest.mark.parametrize(
    ("text", "row", "expected"),
    [
        pytest.param(" a b", [{"▁a": -1}, {"▁b": -1}], [(0, 2), (2, 4)], id="mark is a space"),
        pytest.param("▁a", [{"▁": -1}, {"a": -1}], [(0, 1), (1, 2)], id="or itself"),
        pytest.param("a é", [{"a": -1}, {"▁é": -1}], [(0, 1), (1, 3)], id="code points"),
        pytest.param(
            "a🔥b",
            [{"a": -1}, {"<0xF0>": -1}, {"<0x9F>": -1}, {"<0x94>": -1}, {"<0xA5>": -1}, {"b": -1}],
            [(0, 1), (1, 2), (1, 2), (1, 2), (1, 2), (2, 3)],
            id="every byte piece covers its character",
        ),
        pytest.param("a\n", [{"a": -1}, {"<0x0A>": -1}], [(0, 1), (1, 2)], id="ascii byte piece"),
        pytest.param("<0x0A>", [{"<0x0A>": -1}], [(0, 6)], id="byte piece as text"),
        pytest.param("ab", [{"ab": -1}, {"</s>": -1}], [(0, 2), (2, 2)], id="end of sequence"),
        pytest.param(
            "ab</s>", [{"ab": -1}, {"</s>": -1}], [(0, 2), (2, 6)], id="end of sequence in the text"
        ),
        pytest.param(
            "x",
            [{"<|begin_of_solution|>": -1}, {"x": -1}, {"<|end_of_solution|>": -1}, {"": -1}],
            [(0, 0), (0, 1), (1, 1), (1, 1)],
            id="special tokens left out",
        ),
        pytest.param(
            "<|b|>x", [{"<|b|>": -1}, {"x": -1}], [(0, 5), (5, 6)], id="special tokens kept"
        ),
        pytest.param("Hi", [{"▁Hi": -1}], [(0, 2)], id="leading space stripped"),
        pytest.param(
            "Hi",
            [{"\n": -1}, {"▁": -1}, {"▁Hi": -1}, {"\n\n": -1}],
            [(0, 0), (0, 0), (0, 2), (2, 2)],
            id="all white space stripped",
        ),
        pytest.param("Hi}", [{"Hi": -1}, {"}\n": -1}], [(0, 2), (2, 3)], id="trailing stripped"),
        pytest.param(" Hi", [{"▁▁Hi": -1}], [(0, 3)], id="dummy prefix inside a token"),
        pytest.param(
            " Hi", [{"▁": -1, "Hi": -2}, {"▁Hi": -1}], [(0, 0), (0, 3)], id="dummy prefix alone"
        ),
        pytest.param("", [{"</s>": -1}], [(0, 0)], id="empty answer"),
        pytest.param("", [{"▁": -1}, {"</s>": -1}], [(0, 0), (0, 0)], id="stripped to nothing"),
    ],
)
def test_readings(text: str, row: Dicts, expected: list[tuple[int, int]]) -> None:
    found = aligned(text, row)
    assert status(found) == "exact"
    assert found.aligned_characters[0] == len(text)
    assert ranges(found) == expected


def test_white_space_inside_is_not_stripped() -> None:
    found = aligned("ab", [{"a": -1.0}, {"▁b": -1.0}])
    assert (status(found), ranges(found)) == ("partial", [(0, 1), (-1, -1)])


# ---- which of several


def test_the_likeliest_sequence_is_preferred_where_it_fits() -> None:
    row = [{"Hard": -1.5, "Hardware": -0.3}, {"ware_": -2.0, "_": -0.1}, {"x": -0.1}]
    found = aligned("Hardware_x", row)
    assert tokens(found, row) == ["Hardware", "_", "x"]
    assert found.alignment_count[0] == 2
    assert found.is_ambiguous.tolist() == [True, True, False]


def test_the_recorded_order_comes_second() -> None:
    row = [{"Hard": -1.5, "Hardware": -0.3, "X": -0.1}, {"ware_": -2.0, "_": -0.1}]
    found = aligned("Hardware_", row)
    assert tokens(found, row) == ["Hard", "ware_"]


def test_the_total_comes_third() -> None:
    row = [{"X": -0.1, "ab": -2.0, "a": -1.0}, {"bc": -0.5, "c": -0.6, "Y": -0.1}]
    found = aligned("abc", row)  # places 1 + 1 and 2 + 0
    assert tokens(found, row) == ["a", "bc"]


def test_text_that_is_there_beats_stripped_white_space() -> None:
    row = [{"▁{": -0.1, "{": -0.5}, {"}\n": -0.1, "}": -0.9}]
    found = aligned("{}", row)
    assert tokens(found, row) == ["{", "}"]
    assert found.alignment_count[0] == 4
    assert found.is_ambiguous.all()


def test_an_end_of_sequence_beats_stripped_white_space() -> None:
    row = [{"a": -0.1}, {"\n": -0.1, "</s>": -0.5}]
    assert tokens(aligned("a", row), row) == ["a", "</s>"]


def test_null_logprobs_fit_but_come_last() -> None:
    row: Dicts = [{"X": -0.1, "ab": None, "a": -1.0}, {"bc": -0.5, "c": -0.6}]
    found = aligned("abc", row)
    assert tokens(found, row) == ["a", "bc"]
    only: Dicts = [{"ab": None, "x": -3.0}]
    found = aligned("ab", only)
    assert (tokens(found, only), found.emitted_rank[0]) == (["ab"], 1)
    assert math.isnan(found.logprob[0])
    assert math.isnan(found.margin[0])


def test_the_count_is_capped() -> None:
    row = [{"a": -1.0, "aa": -2.0} for _ in range(30)]
    found = aligned("a" * 45, row)
    assert (status(found), found.alignment_count[0]) == ("exact", MOST_SEQUENCES)


# ---- gaps


WORDS = [{"The": -0.1}, {"▁quick": -0.2}, {"▁brown": -0.3}, {"▁fox": -0.4}, {"▁jumps": -0.5}]


def test_alignment_resumes_after_a_position_whose_token_was_not_recorded() -> None:
    row = [*WORDS[:2], {"▁red": -0.3, "▁black": -0.9}, *WORDS[3:]]
    found = aligned("The quick brown fox jumps", row)
    assert tokens(found, row) == ["The", "▁quick", None, "▁fox", "▁jumps"]
    assert ranges(found)[3:] == [(15, 19), (19, 25)]
    assert (status(found), found.aligned_characters[0]) == ("partial", 9)
    assert found.alignment_count[0] == 0
    assert math.isnan(found.logprob[2])


def test_a_wrong_token_that_fits_by_chance_does_not_hide_the_gap() -> None:
    row = [*WORDS[:2], {"▁": -0.3, "▁br": -0.9}, *WORDS[3:]]
    found = aligned("The quick brown fox jumps", row)
    assert tokens(found, row) == ["The", "▁quick", None, "▁fox", "▁jumps"]


def test_a_longer_text_than_its_tokens_is_partial() -> None:
    found = aligned("The quick brown fox", WORDS[:2])
    assert (status(found), found.aligned_characters[0]) == ("partial", 9)
    assert (found.emitted >= 0).all()


def test_a_shorter_text_than_its_tokens_is_partial() -> None:
    found = aligned("The quick", WORDS)
    assert (status(found), found.aligned_characters[0]) == ("partial", 9)
    assert found.emitted.tolist() == [0, 0, -1, -1, -1]


def test_a_gap_at_the_start() -> None:
    found = aligned("A quick brown fox jumps", WORDS)
    assert found.emitted.tolist() == [-1, 0, 0, 0, 0]
    assert (status(found), found.aligned_characters[0]) == ("partial", 0)
    assert ranges(found)[1] == (1, 7)


def test_nothing_in_common() -> None:
    found = aligned("something else entirely", WORDS)
    assert status(found) == "none"
    assert (found.emitted < 0).all()
    assert np.isnan(found.logprob).all()


# ---- shapes


def test_rows_without_token_texts_keep_their_probabilities() -> None:
    array = pa.array(
        [[[{"token": None, "logprob": -0.5}], [{"token": None, "logprob": -1.5}]]], POSITIONS
    )
    found = align(pa.array(["ab"]), array)
    assert status(found) == "none"
    assert found.logprob.tolist() == [-0.5, -1.5]
    assert found.char_start.tolist() == [-1, -1]


def test_null_and_empty_rows_and_slices() -> None:
    texts = ["zz", "ab", None, "", "ab", "x"]
    rows: list[Dicts | None] = [
        [{"z": -1}],
        [{"a": -1}, {"b": -2}],
        [{"a": -1}],
        [],
        None,
        [{}, {"x": -1}],
    ]
    array = positions_of(rows)
    whole = align(pa.array(texts), array)
    assert whole.row_offsets.tolist() == [0, 1, 3, 4, 4, 4, 6]
    assert [ALIGNMENT_NAMES[code] for code in whole.status] == [
        "partial", "exact", "none", "exact", "none", "partial",
    ]  # fmt: skip
    part = align(pa.array(texts).slice(1, 4), array.slice(1, 4))
    assert part.emitted.tolist() == whole.emitted[1:4].tolist()
    assert part.alignment_count.tolist() == whole.alignment_count[1:5].tolist()
    assert len(align(pa.array([], pa.string()), positions_of([])).status) == 0


def test_entropy_and_candidates() -> None:
    row: Dicts = [{"a": math.log(0.5), "b": math.log(0.25), "c": math.log(0.25)}, {"d": None}]
    found = aligned("ad", row)
    assert found.topk_entropy_nats[0] == pytest.approx(1.5 * math.log(2), rel=1e-12)
    assert math.isnan(found.topk_entropy_nats[1])
    assert found.candidates.tolist() == [3, 1]


def test_work_is_bounded_however_nasty_the_row() -> None:
    """Every length of one letter at every position, and a text that none of it can spell."""
    row = [{"a" * n: -float(n) for n in range(1, 21)} for _ in range(400)]
    for text in ("a" * 4000, "a" * 3999 + "b", "b" + "ab" * 2000):
        found = aligned(text, row)
        assert status(found) in {"exact", "partial", "none"}
        assert found.aligned_characters[0] <= len(text)


# ---- every small case


PIECES = ["a", "b", "ab", "ba", "aa", "▁a", "▁", "\n", "</s>", "abb", "▁b"]


def spelled(piece: str) -> str:
    return "" if piece == "</s>" else piece.replace("▁", " ")


def by_trying_everything(text: str, row: Dicts) -> list[tuple[int, ...]]:
    """All choices that spell the text, white space at its ends stripped or not."""
    found = []
    for choice in itertools.product(*(range(len(d)) for d in row)):
        whole = "".join(spelled(list(d)[c]) for d, c in zip(row, choice, strict=True))
        fronts = {whole} if text[:1].isspace() else {whole.lstrip()}
        ends = fronts if text[-1:].isspace() else {front.rstrip() for front in fronts}
        if text in ends:
            found.append(choice)
    return found


def preference(choice: tuple[int, ...], text: str, row: Dicts) -> tuple[float, ...]:
    pieces = [list(d)[c] for d, c in zip(row, choice, strict=True)]
    white = sum(len(spelled(piece)) for piece in pieces) - len(text)
    maxima = all(d[p] == max(d.values()) for d, p in zip(row, pieces, strict=True))
    total = sum(d[p] for d, p in zip(row, pieces, strict=True))
    return (white, pieces.count("</s>"), not maxima, sum(choice), -total)


def test_equally_likely_candidates_are_all_the_likeliest() -> None:
    """Temperature 0 may have emitted either: the way that goes on through maxima is one of it."""
    row = [{"ab": -2.0, "a": -2.0}, {"a": -1.75, "ba": -0.125}, {"a": -0.125}]
    found = align(pa.array(["abaa"]), positions_of([row]))
    assert found.emitted.tolist() == [1, 1, 0]
    # where none of these ways spells the text, all ways count
    row[1] = {"a": -1.75, "b": -0.125}
    found = align(pa.array(["abaa"]), positions_of([row]))
    assert found.emitted.tolist() == [0, 0, 0]
    # of several ways through maxima the one of the earliest places
    row = [{"ab": -1.0, "a": -1.0}, {"x": -1.0, "a": -1.0, "ba": -1.0}, {"a": -1.0}]
    found = align(pa.array(["abaa"]), positions_of([row]))
    assert found.emitted.tolist() == [0, 1, 0]


@pytest.mark.parametrize("seed", range(8))
def test_every_small_case_agrees_with_trying_everything(seed: int) -> None:
    rng = random.Random(seed)
    texts: list[str] = []
    rows: list[Dicts] = []
    while len(rows) < 400:
        finest = rng.choice([4, 64])  # few values: many are equally likely
        row = [
            {
                piece: -rng.randrange(1, finest) / 8
                for piece in rng.sample(PIECES, rng.randrange(1, 5))
            }
            for _ in range(rng.randrange(1, 6))
        ]
        text = "".join(spelled(rng.choice(list(d))) for d in row)
        if rng.random() < 0.3:
            text = text.strip()
        if text[:1].isspace() and not by_trying_everything(text, row):
            continue  # the dummy prefix has tests of its own
        texts.append(text)
        rows.append(row)
    found = align(pa.array(texts), positions_of(rows))
    for index, (text, row) in enumerate(zip(texts, rows, strict=True)):
        ways = by_trying_everything(text, row)
        begin, stop = found.row_offsets[index : index + 2]
        place = (text, row)
        assert found.alignment_count[index] == len(ways), place
        assert (ALIGNMENT_NAMES[found.status[index]] == "exact") == bool(ways), place
        if ways:
            chosen = tuple(found.emitted[begin:stop].tolist())
            best = min(preference(way, text, row) for way in ways)
            assert preference(chosen, text, row) == best, place
            for position in range(stop - begin):
                differs = len({way[position] for way in ways}) > 1
                # the flag also tells of the same token at another place
                assert found.is_ambiguous[begin + position] >= differs, place
            assert found.is_ambiguous[begin:stop].any() == (len(ways) > 1), place
