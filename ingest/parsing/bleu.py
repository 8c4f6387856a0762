"""What pairs of texts add to corpus BLEU: matching and possible n-grams, and lengths.

Counts as sacrebleu does with its defaults: tokens by the `13a` tokeniser (the one of mteval-v13a
that WMT uses), n-grams up to four, an n-gram of the answer matched at most as often as the gold
answer that has most of it has it, and of several gold answers the length closest to the answer's,
the shorter of two. The score itself is not computed here: the counts add up over any rows.

The tokeniser's regular expressions are applied one after the other, as their order matters where
punctuation meets punctuation; each is a pass over the bytes, since all they name is ASCII.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingest.parsing.compiling import inlined, kernel
from ingest.parsing.rows import text_rows

ORDERS = 4
"""Longest n-grams counted (tokens)."""

_EXPANSION = 16
"""A text of n bytes has at most this times n + 4 after any pass: four passes at most double it."""
_PRIME = np.uint64(0x100000001B3)
_OFFSET = np.uint64(0xCBF29CE484222325)
_MIX = np.uint64(0x9E3779B97F4A7C15)
_FOLD = np.uint64(32)


def _pattern(text: str) -> np.ndarray:
    return np.frombuffer(text.encode(), np.uint8).copy()


_SKIPPED = _pattern("<skipped>")
_HYPHENATED = _pattern("-\n")
_ENTITIES = tuple(
    (_pattern(entity), ord(character))
    for entity, character in (("&quot;", '"'), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"))
)
_QUOTE, _AMPERSAND, _LESS, _GREATER = (pattern for pattern, _ in _ENTITIES)
_NOTHING = -1


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
    room = _EXPANSION * (longest + 4)
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
        words = _tokens(
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
            length = _tokens(
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


@kernel
def _tokens(
    data: np.ndarray,
    start: int,
    end: int,
    first: np.ndarray,
    second: np.ndarray,
    out: np.ndarray,
) -> Any:
    """Write a hash per token of data[start:end] to `out`; how many there are."""
    while end > start:
        width = _space_before(data, start, end)
        if width == 0:
            break
        end -= width
    has_entity = False
    for i in range(start, end):
        first[i - start] = data[i]
        has_entity |= data[i] == 0x26
    n = end - start
    n = _replaced(first, n, _SKIPPED, _NOTHING)
    n = _replaced(first, n, _HYPHENATED, _NOTHING)
    if has_entity:
        n = _replaced(first, n, _QUOTE, 0x22)
        n = _replaced(first, n, _AMPERSAND, 0x26)
        n = _replaced(first, n, _LESS, 0x3C)
        n = _replaced(first, n, _GREATER, 0x3E)
    n = _symbols_apart(first, n, second)
    n = _stops_apart_from_before(second, n, first)
    n = _stops_apart_from_after(first, n, second)
    n = _dashes_apart(second, n, first)
    return _hashes(first, n, out)


@inlined
def _replaced(text: np.ndarray, n: int, pattern: np.ndarray, by: int) -> Any:
    """Put one byte, or nothing, in place of every `pattern`; the new length."""
    kept, i, width = 0, 0, len(pattern)
    while i < n:
        is_here = i + width <= n
        j = 0
        while is_here and j < width:
            is_here = text[i + j] == pattern[j]
            j += 1
        if is_here:
            if by >= 0:
                text[kept] = by
                kept += 1
            i += width
        else:
            text[kept] = text[i]
            kept += 1
            i += 1
    return kept


@inlined
def _is_symbol(byte: Any) -> Any:
    return (
        0x7B <= byte <= 0x7E
        or 0x5B <= byte <= 0x60
        or 0x20 <= byte <= 0x26
        or 0x28 <= byte <= 0x2B
        or 0x3A <= byte <= 0x40
        or byte == 0x2F
    )


@inlined
def _is_digit(byte: Any) -> Any:
    return 0x30 <= byte <= 0x39


@inlined
def _is_stop(byte: Any) -> Any:
    return byte == 0x2E or byte == 0x2C


@inlined
def _symbols_apart(text: np.ndarray, n: int, out: np.ndarray) -> Any:
    """Spaces around every symbol but ' , - and the full stop; one before and after it all."""
    out[0] = 0x20
    size = 1
    for i in range(n):
        byte = text[i] if text[i] != 0x0A else np.uint8(0x20)
        if _is_symbol(byte):
            out[size] = 0x20
            out[size + 1] = byte
            out[size + 2] = 0x20
            size += 3
        else:
            out[size] = byte
            size += 1
    out[size] = 0x20
    return size + 1


@inlined
def _stops_apart_from_before(text: np.ndarray, n: int, out: np.ndarray) -> Any:
    """`([^0-9])([.,])` becomes `\\1 \\2 `."""
    size, i = 0, 0
    while i < n:
        out[size] = text[i]
        size += 1
        if i + 1 < n and not _is_digit(text[i]) and _is_stop(text[i + 1]):
            out[size] = 0x20
            out[size + 1] = text[i + 1]
            out[size + 2] = 0x20
            size += 3
            i += 1
        i += 1
    return size


@inlined
def _stops_apart_from_after(text: np.ndarray, n: int, out: np.ndarray) -> Any:
    """`([.,])([^0-9])` becomes ` \\1 \\2`."""
    size, i = 0, 0
    while i < n:
        if i + 1 < n and _is_stop(text[i]) and not _is_digit(text[i + 1]):
            out[size] = 0x20
            out[size + 1] = text[i]
            out[size + 2] = 0x20
            out[size + 3] = text[i + 1]
            size += 4
            i += 2
        else:
            out[size] = text[i]
            size += 1
            i += 1
    return size


@inlined
def _dashes_apart(text: np.ndarray, n: int, out: np.ndarray) -> Any:
    """`([0-9])(-)` becomes `\\1 \\2 `."""
    size = 0
    for i in range(n):
        if i > 0 and text[i] == 0x2D and _is_digit(text[i - 1]):
            out[size] = 0x20
            out[size + 1] = 0x2D
            out[size + 2] = 0x20
            size += 3
        else:
            out[size] = text[i]
            size += 1
    return size


@inlined
def _hashes(text: np.ndarray, n: int, out: np.ndarray) -> Any:
    """A hash per run of what is no white space, and how many there are."""
    count, i = 0, 0
    value = _OFFSET
    is_inside = False
    while i < n:
        width = _space_at(text, i, n)
        if width == 0:
            value = (value ^ np.uint64(text[i])) * _PRIME
            is_inside = True
            i += 1
            continue
        if is_inside:
            out[count] = value
            count += 1
            value = _OFFSET
            is_inside = False
        i += width
    if is_inside:
        out[count] = value
        count += 1
    return count


@inlined
def _space_at(text: np.ndarray, i: int, n: int) -> Any:
    """Bytes of the white space character at `i`, as Python's `str.split` sees it; 0 for none."""
    byte = text[i]
    if byte <= 0x20:
        return 1 if byte == 0x20 or 0x09 <= byte <= 0x0D or 0x1C <= byte <= 0x1F else 0
    if byte == 0xC2 and i + 1 < n:
        return 2 if text[i + 1] == 0x85 or text[i + 1] == 0xA0 else 0
    if byte < 0xE1 or byte > 0xE3 or i + 2 >= n:
        return 0
    middle, last = text[i + 1], text[i + 2]
    is_space = (
        (byte == 0xE1 and middle == 0x9A and last == 0x80)
        or (byte == 0xE3 and middle == 0x80 and last == 0x80)
        or (
            byte == 0xE2
            and middle == 0x80
            and (last <= 0x8A or last == 0xA8 or last == 0xA9 or last == 0xAF)
        )
        or (byte == 0xE2 and middle == 0x81 and last == 0x9F)
    )
    return 3 if is_space else 0


@inlined
def _space_before(text: np.ndarray, start: int, end: int) -> Any:
    """Bytes of the white space character that ends at `end`; 0 for none."""
    for width in range(1, 4):
        if end - width >= start and _space_at(text, end - width, end) == width:
            return width
    return 0
