"""Which candidates, put together, spell an answer: kernels over rows.

Decides the emitted candidate of every position and its range of characters. Tries the text as it
stands, then with a space before it; where neither is spelled to the end, aligns piece by piece
between gaps. The dynamic program is in `lattice`, the gaps in `gaps`.
"""

from __future__ import annotations

from typing import Any

from ingest.parsing.choosing import choose
from ingest.parsing.compiling import kernel
from ingest.parsing.gaps import SEARCH_FACTOR, search_gap
from ingest.parsing.lattice import Candidates, Found, Lattice, reach, state_at
from ingest.parsing.spelling import STRIP_LEFT, strippable
from ingest.parsing.words import signed

NONE, PARTIAL, EXACT = range(3)
"""How far the tokens of a row explain its text."""


@kernel
def trace_row(
    data: Any,
    start: int,
    end: int,
    candidates: Candidates,
    begin: int,
    stop: int,
    lattice: Lattice,
    found: Found,
) -> tuple[int, int, int]:
    """Align positions [begin, stop) with the text `data[start:end]`.

    Returns:
        NONE, PARTIAL or EXACT; characters explained before the first gap; sequences that spell
        the whole text (0 unless exact).
    """
    strips = strippable(data, start, end)
    readings = 0
    for position in range(begin, stop):
        readings += candidates.count[position]
    budget = readings * SEARCH_FACTOR
    levels = reach(data, start, end, strips, start, candidates, begin, stop, lattice)
    is_whole = levels == stop - begin and state_at(lattice, levels, end) >= 0
    if not is_whole and not strips & STRIP_LEFT:
        # SentencePiece puts a space before the first word, and decoding takes it away
        levels = reach(data, start, end, strips, start - 1, candidates, begin, stop, lattice)
        is_whole = levels == stop - begin and state_at(lattice, levels, end) >= 0
        if not is_whole:
            levels = reach(data, start, end, strips, start, candidates, begin, stop, lattice)
    if is_whole:
        last = state_at(lattice, levels, end)
        ways = choose(candidates, begin, levels, last, lattice, found)
        _write(data, start, candidates, begin, levels, lattice, found)
        return EXACT, _characters(data, start, end), ways
    explained = -1
    is_any = False
    position = begin
    while position < stop:
        gap, resumed, state, offset = levels, stop, -1, end
        if position + levels < stop:
            gap, state, resumed, offset, budget = search_gap(
                data, start, end, strips, candidates, position, levels, stop, lattice, budget
            )
        choose(candidates, position, gap, state, lattice, found)
        reached = _write(data, start, candidates, position, gap, lattice, found)
        is_any = is_any or gap > 0
        if explained < 0:
            explained = _characters(data, start, reached)
        position = resumed
        if position < stop:
            levels = reach(data, start, end, strips, offset, candidates, position, stop, lattice)
    if not is_any:
        return NONE, 0, 0
    return PARTIAL, explained, 0


@kernel
def _write(
    data: Any,
    start: int,
    candidates: Candidates,
    begin: int,
    levels: int,
    lattice: Lattice,
    found: Found,
) -> int:
    """Write down the chosen path; the offset it ends at."""
    path, offsets, targets, chosen = lattice.path, lattice.offset, lattice.target, lattice.candidate
    emitted, char_start, char_end = found.emitted, found.char_start, found.char_end
    offset = offsets[0]
    counted = start
    characters = 0  # begun before `counted`
    for level in range(levels):
        edge = path[level]
        after = offsets[targets[edge]]
        position = begin + level
        while counted < offset:
            characters += 1 if data[counted] & 0xC0 != 0x80 else 0
            counted += 1
        # a byte piece inside a character covers all of it
        inside = 1 if after > offset >= start and data[offset] & 0xC0 == 0x80 else 0
        emitted[position] = chosen[edge]
        char_start[position] = characters - inside
        while counted < after:
            characters += 1 if data[counted] & 0xC0 != 0x80 else 0
            counted += 1
        char_end[position] = characters
        offset = after
    return max(signed(offset), start)


@kernel
def _characters(data: Any, start: int, end: int) -> int:
    characters = 0
    for i in range(start, end):
        characters += 1 if data[i] & 0xC0 != 0x80 else 0
    return characters


@kernel
def trace_rows(
    data: Any,
    offsets: Any,
    is_valid: Any,
    candidates: Candidates,
    row_offsets: Any,
    lattice: Lattice,
    found: Found,
    status: Any,
    aligned_characters: Any,
    alignment_count: Any,
) -> None:
    """Align every row that has a text; `found` comes in filled with -1."""
    for row in range(is_valid.size):
        if is_valid[row]:
            status[row], aligned_characters[row], alignment_count[row] = trace_row(
                data,
                offsets[row],
                offsets[row + 1],
                candidates,
                row_offsets[row],
                row_offsets[row + 1],
                lattice,
                found,
            )
        for position in range(row_offsets[row], row_offsets[row + 1]):
            # without texts a single candidate still is the emitted one
            is_only = status[row] == NONE and candidates.count[position] == 1
            if is_only and not candidates.has_text[candidates.first[position]]:
                found.emitted[position] = 0
