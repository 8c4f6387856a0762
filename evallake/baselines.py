"""Named baselines: jobs that every other job is compared with, as `evallake build` is told.

Decides whether the lake has them, before anything is built. Which pairs are compared otherwise is
for the models to say (`int_pair_requests`).
"""

from __future__ import annotations

from collections.abc import Sequence

from ingest.errors import InputError
from ingest.lake import Lake


def check_baselines(lake: Lake, baselines: Sequence[object]) -> None:
    """Refuse a baseline that no visible job of `lake` has the name of.

    Raises:
        InputError: one is not there; the message names it and the jobs that it may have meant.
    """
    from difflib import get_close_matches

    jobs = sorted(lake.current())
    for baseline in baselines:
        name = str(baseline)
        if name in jobs:
            continue
        close = get_close_matches(name, jobs, n=3, cutoff=0.5)
        meant = f"did you mean {' or '.join(close)}? " if close else ""
        raise InputError(
            f"the baseline {name!r} is not a visible job",
            where=str(lake.root),
            do=f"{meant}evallake jobs lists those there are",
        )
