"""Rows whose order shows that no two are alike, so that nothing has to be gathered to tell.

Tokens lie example by example, positions ascending. Where that is so, a table of any size is known
to be without repeats after one pass over it that keeps eight bytes per example. Where it is not,
nothing is known, and somebody has to count.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

_MOST_RUNS = 1 << 24
"""Runs whose hashes are kept (count): 128 MiB of them."""


def rows_in_order(batches: Iterable[tuple[pa.Array, pa.Array]]) -> int | None:
    """How many rows there are, if places ascend within each run and no run comes twice.

    Args:
        batches: a 64-bit hash that is equal for rows of one run, and an integer place within it;
            in the order of the rows.

    None where that is not so or cannot be told: a null, more runs than are kept, two runs of one
    hash.
    """
    rows = runs = 0
    starts: list[np.ndarray] = []
    last_run = last_place = np.empty(0, np.uint64)
    for run_column, place_column in batches:
        if run_column.null_count or place_column.null_count:
            return None
        run = run_column.to_numpy()
        place = place_column.to_numpy()
        if not len(run):
            continue
        rows += len(run)
        joined_runs = np.concatenate([last_run, run])
        joined_places = np.concatenate([last_place.astype(place.dtype), place])
        is_start = joined_runs[1:] != joined_runs[:-1]
        if not np.all(is_start | (joined_places[1:] > joined_places[:-1])):
            return None
        found = joined_runs[1:][is_start]
        starts.append(found if len(last_run) else np.concatenate([run[:1], found]))
        runs += len(starts[-1])
        if runs > _MOST_RUNS:
            return None
        last_run, last_place = run[-1:], place[-1:]
    every = np.sort(np.concatenate(starts)) if starts else np.empty(0, np.uint64)
    return None if np.any(every[1:] == every[:-1]) else rows
