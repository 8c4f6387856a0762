"""Which token was emitted at each position, found by aligning candidates with the answer.

The harness records candidates per position without marking the emitted one. Here one candidate
is chosen per position so that their texts together are the prediction. Often a single sequence
does that. Where several do, the text does not decide, `is_ambiguous` says so, and the first of
these that tells them apart does:

1. least text missing: white space that candidates have and the prediction lacks at its ends
   (it may have been stripped), then special tokens that are not in the text;
2. the sequence of the likeliest candidates, if it is one of them (temperature 0); where several
   at a position are equally likely, each of them is the likeliest;
3. the smallest sum of places in the recorded order (servers put the sampled token first);
4. the highest total log probability (a missing one counts as -9999);
5. the candidate recorded earlier, at the first position that differs.

Nothing is keyed by a token's text: a repeated token keeps each position's own probability.
Where no candidate fits, a position stays empty and alignment goes on after the smallest gap that
the following positions confirm. Character ranges are Unicode code points, as in Python and SQL.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ingest.parsing.describing import describe_positions, span_rows
from ingest.parsing.lattice import MOST_STATES, Candidates, Found, Lattice
from ingest.parsing.rows import text_rows
from ingest.parsing.tracing import EXACT, NONE, PARTIAL, trace_rows

ALIGNMENT_NAMES = {NONE: "none", PARTIAL: "partial", EXACT: "exact"}
"""Names as in the column `alignment` of the lake's examples."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """Flat arrays over all positions of all rows, and over rows. -1 and NaN mean "none"."""

    row_offsets: np.ndarray
    """int64, rows + 1: the positions of row r are [row_offsets[r], row_offsets[r + 1])."""
    emitted: np.ndarray
    """int32: place of the emitted candidate in the recorded order; -1 where none fits."""
    char_start: np.ndarray
    """int32: first character covered; -1 where not aligned."""
    char_end: np.ndarray
    """int32: one past the last; equals char_start for a token that is not in the text."""
    logprob: np.ndarray
    """float64 (nats) of the emitted candidate; NaN where there is none."""
    margin: np.ndarray
    """float64 (nats): logprob minus the best other candidate's; NaN without one."""
    topk_entropy_nats: np.ndarray
    """float64: entropy of the recorded candidates, renormalised; NaN with no finite one."""
    emitted_rank: np.ndarray
    """int32: candidates likelier than the emitted one; -1 where none was found."""
    candidates: np.ndarray
    """int32: candidates recorded."""
    is_ambiguous: np.ndarray
    """bool: another sequence that spells the text differs here, in the token or its place."""
    status: np.ndarray
    """uint8 per row: NONE, PARTIAL or EXACT."""
    aligned_characters: np.ndarray
    """int32 per row: characters of the prediction explained before the first gap."""
    alignment_count: np.ndarray
    """int32 per row: sequences that spell the text, capped at 1000; 0 where none does."""


@dataclass(frozen=True, slots=True)
class SpanTokens:
    """The tokens of each span; one entry per span, -1 and NaN mean "none"."""

    first_position: np.ndarray
    """int32: position of the first token that overlaps the span; -1 where the span is empty,
    not aligned, or its first character is in a gap."""
    last_position: np.ndarray
    """int32: position of the last such token."""
    first_logprob: np.ndarray
    """float64 (nats)."""
    sum_logprob: np.ndarray
    """float64 (nats); NaN if any token has none or part of the span is in a gap."""
    min_logprob: np.ndarray
    """float64 (nats); NaN like the sum."""
    first_margin: np.ndarray
    """float64 (nats)."""
    first_entropy_nats: np.ndarray
    """float64."""
    first_straddles: np.ndarray
    """int8: 1 where the first token also covers text outside the span, else 0; -1 for none."""
    is_ambiguous: np.ndarray
    """int8: 1 where any overlapping token is ambiguous, else 0; -1 for none."""


def align(
    predictions: pa.Array | pa.ChunkedArray, positions: pa.Array | pa.ChunkedArray
) -> Alignment:
    """Align each row's prediction (text) with its positions (type `ingest.raw.POSITIONS`).

    A null or missing prediction, and positions without token texts, give alignment NONE; their
    positions are still there, with the logprob where a single candidate leaves no choice.
    """
    if isinstance(positions, pa.ChunkedArray):
        positions = positions.combine_chunks()
    text = text_rows(predictions)
    lengths = positions.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    row_offsets = np.zeros(len(positions) + 1, np.int64)
    np.cumsum(lengths, out=row_offsets[1:])
    flat = positions.flatten()
    candidates = _candidates(flat)
    total = len(flat)
    found = Found(
        emitted=np.full(total, -1, np.int32),
        char_start=np.full(total, -1, np.int32),
        char_end=np.full(total, -1, np.int32),
        is_ambiguous=np.zeros(total, np.bool_),
    )
    status = np.zeros(len(positions), np.uint8)
    aligned_characters = np.zeros(len(positions), np.int32)
    alignment_count = np.zeros(len(positions), np.int32)
    trace_rows(
        text.data,
        text.offsets,
        text.is_valid,
        candidates,
        row_offsets,
        _lattice(row_offsets, candidates),
        found,
        status,
        aligned_characters,
        alignment_count,
    )
    logprob, margin, entropy = (np.full(total, np.nan) for _ in range(3))
    emitted_rank = np.full(total, -1, np.int32)
    describe_positions(candidates, found.emitted, logprob, margin, entropy, emitted_rank)
    return Alignment(
        row_offsets=row_offsets,
        emitted=found.emitted,
        char_start=found.char_start,
        char_end=found.char_end,
        logprob=logprob,
        margin=margin,
        topk_entropy_nats=entropy,
        emitted_rank=emitted_rank,
        candidates=candidates.count,
        is_ambiguous=found.is_ambiguous,
        status=status,
        aligned_characters=aligned_characters,
        alignment_count=alignment_count,
    )


def span_tokens(
    alignment: Alignment, row_of_span: np.ndarray, start: np.ndarray, end: np.ndarray
) -> SpanTokens:
    """The tokens that overlap characters [start, end) of each span's row.

    `row_of_span`, `start` and `end` are integers, one per span; a negative start or an empty
    range gives no tokens. Tokens that are not in the text overlap nothing.
    """
    count = len(row_of_span)
    first, last = (np.full(count, -1, np.int32) for _ in range(2))
    first_logprob, total, smallest = (np.full(count, np.nan) for _ in range(3))
    margin, entropy = (np.full(count, np.nan) for _ in range(2))
    straddles, is_ambiguous = (np.full(count, -1, np.int8) for _ in range(2))
    span_rows(
        np.ascontiguousarray(row_of_span, np.int64),
        np.ascontiguousarray(start, np.int64),
        np.ascontiguousarray(end, np.int64),
        alignment.row_offsets,
        alignment.char_start,
        alignment.char_end,
        alignment.logprob,
        alignment.is_ambiguous,
        first,
        last,
        total,
        smallest,
        straddles,
        is_ambiguous,
    )
    has_first = first >= 0
    at = alignment.row_offsets[np.asarray(row_of_span)[has_first]] + first[has_first]
    first_logprob[has_first] = alignment.logprob[at]
    margin[has_first] = alignment.margin[at]
    entropy[has_first] = alignment.topk_entropy_nats[at]
    return SpanTokens(
        first, last, first_logprob, total, smallest, margin, entropy, straddles, is_ambiguous
    )


def _candidates(positions: pa.ListArray) -> Candidates:
    """The candidates of flat positions as kernels read them, without copying text or values."""
    tokens = text_rows(positions.values.field("token"))
    logprobs = positions.values.field("logprob")
    return Candidates(
        first=positions.offsets.to_numpy()[:-1],
        count=np.asarray(
            positions.value_lengths().fill_null(0).to_numpy(zero_copy_only=False), np.int32
        ),
        tokens=tokens.data,
        ends=tokens.offsets,
        has_text=tokens.is_valid,
        logprobs=_readonly(logprobs.to_numpy(zero_copy_only=logprobs.null_count == 0)),
    )


def _readonly(values: np.ndarray) -> np.ndarray:
    """One array type for the kernels, whether or not Arrow had to make a copy."""
    values.flags.writeable = False
    return values


def _lattice(row_offsets: np.ndarray, candidates: Candidates) -> Lattice:
    """Working space for the largest row; memory is taken only as far as it is written."""
    levels = int(np.diff(row_offsets).max(initial=0)) + 2
    ends = np.concatenate([[0], np.cumsum(candidates.count, dtype=np.int64)])
    recorded = int(np.diff(ends[row_offsets]).max(initial=0))
    states = levels * MOST_STATES
    edges = recorded * MOST_STATES
    return Lattice(
        level_first=np.empty(levels + 1, np.int64),
        edge_first=np.empty(levels + 1, np.int64),
        offset=np.empty(states, np.int64),
        ways=np.empty(states, np.int64),
        strip=np.empty(states, np.int64),
        places=np.empty(states, np.int64),
        logprob=np.empty(states, np.float64),
        choice=np.empty(states, np.int64),
        source=np.empty(edges, np.int32),
        target=np.empty(edges, np.int32),
        candidate=np.empty(edges, np.int32),
        cost=np.empty(edges, np.int64),
        path=np.empty(levels, np.int64),
    )
