"""Which of several sequences of candidates is the best one, and how many there are: kernels.

The order of preference is stated in `alignment`, the states and edges are those of `lattice`.
"""

from __future__ import annotations

import numpy as np

from ingest.parsing.compiling import kernel
from ingest.parsing.lattice import MOST_SEQUENCES, Candidates, Found, Lattice
from ingest.parsing.words import signed

_NO_LOGPROB = -9999.0
NO_WAY, FOLLOWED, TIED = range(3)
"""What comes of following the likeliest candidates."""


@kernel
def choose(
    candidates: Candidates, begin: int, levels: int, last: int, lattice: Lattice, found: Found
) -> int:
    """Choose the best way to state `last` (-1: to any) of level `levels`; the number of ways.

    Leaves it in `lattice.path`, and marks the positions at which another way differs.
    """
    level_first, edge_first = lattice.level_first, lattice.edge_first
    ways, strips, places = lattice.ways, lattice.strip, lattice.places
    totals, choices = lattice.logprob, lattice.choice
    sources, targets = lattice.source, lattice.target
    chosen, costs = lattice.candidate, lattice.cost
    logprobs, is_ambiguous = candidates.logprobs, found.is_ambiguous
    for state in range(level_first[levels], level_first[levels + 1]):
        is_end = last < 0 or state == last
        ways[state] = 1 if is_end else 0
        strips[state] = 0
        places[state] = 0
        totals[state] = 0.0
    for level in range(levels - 1, -1, -1):
        for state in range(level_first[level], level_first[level + 1]):
            ways[state] = 0
        alive = 0
        first = candidates.first[begin + level]
        for edge in range(edge_first[level], edge_first[level + 1]):
            after = targets[edge]
            if ways[after] == 0:
                continue
            alive += 1
            place = chosen[edge]
            logprob = logprobs[first + place]
            strip = strips[after] + costs[edge]
            place_sum = places[after] + place
            total = totals[after] + (_NO_LOGPROB if np.isnan(logprob) else logprob)
            state = sources[edge]
            is_better = ways[state] == 0 or strip < strips[state]
            if not is_better and strip == strips[state]:
                is_better = place_sum < places[state] or (
                    place_sum == places[state] and total > totals[state]
                )
            if is_better:
                strips[state] = strip
                places[state] = place_sum
                totals[state] = total
                choices[state] = edge
            ways[state] = min(ways[state] + ways[after], MOST_SEQUENCES)
        is_ambiguous[begin + level] = alive > 1
    count = signed(ways[0])
    followed = NO_WAY
    if count > 1:
        followed = _follow_maxima(candidates, begin, levels, lattice)
    if followed == FOLLOWED:
        return count
    _follow_choices(levels, lattice)
    if followed == TIED:
        _choose_maxima(candidates, begin, levels, last, lattice)
    return count


@kernel
def _follow_choices(levels: int, lattice: Lattice) -> None:
    """Leave in `lattice.path` where the chosen edges lead."""
    state = 0
    for level in range(levels):
        edge = lattice.choice[state]
        lattice.path[level] = edge
        state = signed(lattice.target[edge])


@kernel
def _likeliest(candidates: Candidates, position: int) -> tuple[float, bool]:
    """The highest logprob at a position, -inf without one, and whether several candidates have it."""
    best = -np.inf
    is_tied = False
    first = candidates.first[position]
    for candidate in range(first, first + candidates.count[position]):
        logprob = candidates.logprobs[candidate]
        if logprob > best:  # never true of NaN
            best = logprob
            is_tied = False
        elif logprob == best:
            is_tied = True
    return best, is_tied


@kernel
def _follow_maxima(candidates: Candidates, begin: int, levels: int, lattice: Lattice) -> int:
    """Whether the likeliest candidates of all positions are a way that lacks no more text than
    the best does: FOLLOWED if so, it is in `lattice.path`; NO_WAY; or TIED, not looked into."""
    state = 0
    strip = 0
    for level in range(levels):
        best, is_tied = _likeliest(candidates, begin + level)
        if is_tied:
            return TIED
        first = candidates.first[begin + level]
        chosen = -1
        for edge in range(lattice.edge_first[level], lattice.edge_first[level + 1]):
            is_alive = lattice.source[edge] == state and lattice.ways[lattice.target[edge]] > 0
            if is_alive and candidates.logprobs[first + lattice.candidate[edge]] == best:
                chosen = edge
                break
        if chosen < 0:
            return NO_WAY
        lattice.path[level] = chosen
        strip += lattice.cost[chosen]
        state = signed(lattice.target[chosen])
    return FOLLOWED if strip <= lattice.strip[0] else NO_WAY


@kernel
def _choose_maxima(
    candidates: Candidates, begin: int, levels: int, last: int, lattice: Lattice
) -> None:
    """As `choose`, of ways of likeliest candidates alone, where several are equally likely.

    Changes `lattice.path` only where such a way lacks no more text than the best of all does.
    """
    most = lattice.strip[0]
    strips, places, choices = lattice.strip, lattice.places, lattice.choice
    for state in range(lattice.level_first[levels], lattice.level_first[levels + 1]):
        strips[state] = 0
        places[state] = 0 if last < 0 or state == last else -1  # -1: no such way
    for level in range(levels - 1, -1, -1):
        for state in range(lattice.level_first[level], lattice.level_first[level + 1]):
            places[state] = -1
        best, _ = _likeliest(candidates, begin + level)
        first = candidates.first[begin + level]
        for edge in range(lattice.edge_first[level], lattice.edge_first[level + 1]):
            after = lattice.target[edge]
            place = lattice.candidate[edge]
            if places[after] < 0 or candidates.logprobs[first + place] != best:
                continue
            state = lattice.source[edge]
            strip = strips[after] + lattice.cost[edge]
            place_sum = places[after] + place
            is_better = places[state] < 0 or strip < strips[state]
            if is_better or (strip == strips[state] and place_sum < places[state]):
                strips[state] = strip
                places[state] = place_sum
                choices[state] = edge
    if places[0] >= 0 and strips[0] <= most:
        _follow_choices(levels, lattice)
