"""What pairs of texts add to corpus BLEU: matching and possible n-grams, and lengths.

Counts as sacrebleu does with its defaults: tokens by the `13a` tokeniser (the one of mteval-v13a
that WMT uses), n-grams up to four, an n-gram of the answer matched at most as often as the gold
answer that has most of it has it, and of several gold answers the length closest to the answer's,
the shorter of two. The score itself is not computed here: the counts add up over any rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingest.parsing.compiling import inlined, kernel
from ingest.parsing.mteval_tokens import EXPANSION, token_hashes
from ingest.parsing.rows import text_rows

ORDERS = 4
"""Longest n-grams counted (tokens)."""

_MIX = np.uint64(0x9E3779B97F4A7C15)
_FOLD = np.uint64(32)


@dataclass(frozen=True, slots=True)
class BleuCounts:
    """One entry per pair of an answer and its gold answers."""

    correct: np.ndarray
    """int64, rows × 4: n-grams of the answer matched, for n = 1 to 4."""
    total: np.ndarray
    """int64, rows × 4: n-grams of the answer."""
    prediction_words: np.ndarray
    """int64: tokens of the answer."""
    reference_words: np.ndarray
    """int64: tokens of the gold answer closest in length."""
    is_counted: np.ndarray
    """bool: False without an answer or without any gold answer; then all counts are 0."""


def bleu_counts(predictions: pa.Array, golds: pa.ListArray) -> BleuCounts:
    """The counts of each answer against its gold answers.

    Args:
        predictions: text, null where there is none.
        golds: list of texts per row; null elements are no gold answer.

    Raises:
        ValueError: the columns have different lengths.
    """
    if len(predictions) != len(golds):
        raise ValueError(f"{len(predictions)} answers, but gold answers of {len(golds)}")
    parents = np.asarray(pc.list_parent_indices(golds).to_numpy(zero_copy_only=False))
    texts = pc.list_flatten(golds)
    is_there = np.asarray(texts.is_valid().to_numpy(zero_copy_only=False))
    answers, references = text_rows(predictions), text_rows(texts.filter(pa.array(is_there)))
    per_row = np.bincount(parents[is_there], minlength=len(golds))
    of_row = np.concatenate([[0], np.cumsum(per_row)]).astype(np.int64)
    is_counted = answers.is_valid & (per_row > 0)
    counts = np.zeros((len(golds), 2 * ORDERS + 2), np.int64)
    longest = max(answers.longest, references.longest)
    _count_rows(
        answers.data,
        answers.offsets,
        references.data,
        references.offsets,
        of_row,
        is_counted,
        longest,
        counts,
    )
    return BleuCounts(
        correct=counts[:, :ORDERS],
        total=counts[:, ORDERS : 2 * ORDERS],
        prediction_words=counts[:, 2 * ORDERS],
        reference_words=counts[:, 2 * ORDERS + 1],
        is_counted=is_counted,
    )


@kernel
def _count_rows(
    answers: np.ndarray,
    answer_offsets: np.ndarray,
    references: np.ndarray,
    reference_offsets: np.ndarray,
    of_row: np.ndarray,
    is_counted: np.ndarray,
    longest: int,
    counts: np.ndarray,
) -> None:
    room = EXPANSION * (longest + 4)
    first, second = np.empty(room, np.uint8), np.empty(room, np.uint8)
    tokens = np.empty(room // 2 + 1, np.uint64)
    grams = np.empty(room // 2 + 1, np.uint64)
    slots = np.int64(64)
    keys = np.empty(slots, np.uint64)
    # of each n-gram of the answer: how often it has it, how often the gold answer at hand has
    # it, how often that one which has it most, and its order
    state = np.zeros((slots, 4), np.int64)
    stamp = np.full(slots, -1, np.int64)  # the gold answer that the second count is of
    used = np.empty(slots, np.int64)
    for row in range(len(is_counted)):
        if not is_counted[row]:
            continue
        words = token_hashes(
            answers, answer_offsets[row], answer_offsets[row + 1], first, second, tokens
        )
        if slots < 8 * words + 8:
            while slots < 8 * words + 8:
                slots *= 2
            keys = np.empty(slots, np.uint64)
            state = np.zeros((slots, 4), np.int64)
            stamp = np.full(slots, -1, np.int64)
            used = np.empty(slots, np.int64)
        counts[row, 2 * ORDERS] = words
        distinct = 0
        for order in range(1, ORDERS + 1):
            _extend(grams, tokens, order, words)
            for i in range(words - order + 1):
                counts[row, ORDERS + order - 1] += 1
                slot = _slot_of(grams[i], order, keys, state, slots - 1)
                if state[slot, 0] == 0:
                    keys[slot] = grams[i]
                    state[slot, 3] = order
                    used[distinct] = slot
                    distinct += 1
                state[slot, 0] += 1
        closest = np.int64(-1)
        for reference in range(of_row[row], of_row[row + 1]):
            length = token_hashes(
                references,
                reference_offsets[reference],
                reference_offsets[reference + 1],
                first,
                second,
                tokens,
            )
            near, nearest = abs(words - length), abs(words - closest)
            if closest < 0 or near < nearest or (near == nearest and length < closest):
                closest = length
            for order in range(1, ORDERS + 1):
                _extend(grams, tokens, order, length)
                for i in range(length - order + 1):
                    slot = _slot_of(grams[i], order, keys, state, slots - 1)
                    if state[slot, 0] > 0:
                        if stamp[slot] != reference:
                            stamp[slot] = reference
                            state[slot, 1] = 0
                        state[slot, 1] += 1
                        state[slot, 2] = max(state[slot, 2], state[slot, 1])
        counts[row, 2 * ORDERS + 1] = closest
        for i in range(distinct):
            slot = used[i]
            counts[row, state[slot, 3] - 1] += min(state[slot, 0], state[slot, 2])
            state[slot, :] = 0
            stamp[slot] = -1


@inlined
def _extend(grams: np.ndarray, tokens: np.ndarray, order: int, words: int) -> None:
    """Hashes of n-grams from those of the order below."""
    if order == 1:
        grams[:words] = tokens[:words]
        return
    for i in range(words - order + 1):
        value = (grams[i] ^ (grams[i] >> _FOLD)) * _MIX + tokens[i + order - 1]
        grams[i] = value ^ (value >> _FOLD)


@inlined
def _slot_of(gram: Any, order: int, keys: np.ndarray, state: np.ndarray, mask: Any) -> Any:
    slot = np.int64(((gram ^ (gram >> _FOLD)) * _MIX >> _FOLD) & np.uint64(mask))
    while state[slot, 0] != 0 and (keys[slot] != gram or state[slot, 3] != order):
        slot = (slot + 1) & mask
    return slot
