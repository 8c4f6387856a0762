"""Processes killed at random, many writers at once: short versions of `python -m tests.kills`."""

from __future__ import annotations

import os
import random
from pathlib import Path

from tests.kills.__main__ import run
from tests.kills.verbs import VERBS

KILLS = int(os.environ.get("EVALLAKE_KILLS", "15"))


def test_a_kill_at_any_instant_breaks_no_promise(tmp_path: Path) -> None:
    seed = int(os.environ.get("EVALLAKE_SEED", random.randrange(1_000_000)))
    tally = run(tmp_path, kills=KILLS, seed=seed, verbs=VERBS, jobs=2, versions=2)
    assert tally.killed == KILLS
    assert tally.looks >= KILLS
    assert tally.found == [], f"EVALLAKE_SEED={seed}"
