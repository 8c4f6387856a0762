"""Tokens of a text by mteval-v13a, the tokeniser that BLEU is computed with (`13a` in sacrebleu).

Its regular expressions are applied one after the other, as their order matters where punctuation
meets punctuation; each is a pass over the bytes, since all they name is ASCII. Tokens are handed
on as hashes, since BLEU only asks which of them are equal.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ingest.parsing.compiling import inlined, kernel

EXPANSION = 16
"""A text of n bytes has at most this times n + 4 after any pass: four passes at most double it."""
_PRIME = np.uint64(0x100000001B3)
_OFFSET = np.uint64(0xCBF29CE484222325)


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


@kernel
def token_hashes(
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
