"""The dynamic program over positions and offsets in the text: kernels.

Decides which sequences of candidates lead from an offset through a run of positions. A state is an
offset before a position, an edge a candidate that leads from one to another. Going forward, here,
finds the states that can be reached; going back, in `choosing`, those that can finish and which way
is best. How one candidate reads is decided in `spelling`, where a row has gaps in `gaps`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ingest.parsing.compiling import kernel
from ingest.parsing.spelling import NO_FIT, fit
from ingest.parsing.words import signed

MOST_STATES = 64
"""States kept to a position; of more, those reached through earlier candidates stay."""
MOST_SEQUENCES = 1000
"""`alignment_count` does not count further."""


class Candidates(NamedTuple):
    """The candidates of all positions, flat: those of position p are [first[p], first[p] + count[p])."""

    first: Any
    count: Any
    tokens: Any
    """Bytes; candidate c is tokens[ends[c]:ends[c + 1]]."""
    ends: Any
    has_text: Any
    logprobs: Any
    """NaN where there is none."""


class Lattice(NamedTuple):
    """Working space for one row: states level by level, and the edges between levels."""

    level_first: Any
    """State at which a level begins."""
    edge_first: Any
    """Edge at which those that leave a level begin."""
    offset: Any
    ways: Any
    """Sequences from the state to the end (count, capped)."""
    strip: Any
    """Costs of the best of them, in order of weight: text lacking, places in the dict, logprob."""
    places: Any
    logprob: Any
    choice: Any
    """Its first edge."""
    source: Any
    target: Any
    candidate: Any
    cost: Any
    path: Any
    """Edge chosen at each level."""


class Found(NamedTuple):
    """What was found, flat over positions; -1 where nothing was."""

    emitted: Any
    char_start: Any
    char_end: Any
    is_ambiguous: Any


@kernel
def reach(
    data: Any,
    start: int,
    end: int,
    strips: int,
    offset: int,
    candidates: Candidates,
    begin: int,
    stop: int,
    lattice: Lattice,
) -> int:
    """Fill the lattice with what can be reached from `offset` before position `begin`.

    Returns:
        The last level that has a state: the number of positions passed.
    """
    lattice.level_first[0] = 0
    lattice.level_first[1] = 1
    lattice.edge_first[0] = 0
    lattice.offset[0] = offset
    # fields are taken out of the loops, where each access would count references
    tokens, ends, has_text = candidates.tokens, candidates.ends, candidates.has_text
    offsets, level_first = lattice.offset, lattice.level_first
    edges = 0
    for level in range(stop - begin):
        first = signed(candidates.first[begin + level])
        count = signed(candidates.count[begin + level])
        old, new = level_first[level], level_first[level + 1]
        states = new
        for state in range(old, new):
            at = offsets[state]
            for candidate in range(first, first + count):
                if not has_text[candidate]:
                    continue
                reached, cost = fit(
                    data,
                    start,
                    end,
                    strips,
                    at,
                    tokens,
                    ends[candidate],
                    ends[candidate + 1],
                )
                if reached == NO_FIT:
                    continue
                target = new
                while target < states and offsets[target] != reached:
                    target += 1
                if target == states:
                    if states - new == MOST_STATES:
                        continue
                    offsets[states] = reached
                    states += 1
                lattice.source[edges] = state
                lattice.target[edges] = target
                lattice.candidate[edges] = candidate - first
                lattice.cost[edges] = cost
                edges += 1
        lattice.edge_first[level + 1] = edges
        lattice.level_first[level + 2] = states
        if states == new:
            return level
    return stop - begin


@kernel
def state_at(lattice: Lattice, level: int, offset: int) -> int:
    """The state at `offset` among those of a level; -1 where there is none."""
    for state in range(lattice.level_first[level], lattice.level_first[level + 1]):
        if lattice.offset[state] == offset:
            return state
    return -1
