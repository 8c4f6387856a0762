"""Processes killed at random, many writers at once: short versions of `python -m tests.kills`."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

from tests.kills.__main__ import run
from tests.kills.verbs import VERBS

KILLS = int(os.environ.get("EVALLAKE_KILLS", "15"))
MINUTES = os.environ.get("EVALLAKE_WRITER_MINUTES", "0.1")


def test_a_kill_at_any_instant_breaks_no_promise(tmp_path: Path) -> None:
    seed = int(os.environ.get("EVALLAKE_SEED", random.randrange(1_000_000)))
    tally = run(tmp_path, kills=KILLS, seed=seed, verbs=VERBS, jobs=2, versions=2)
    assert tally.killed == KILLS
    assert tally.looks >= KILLS
    assert tally.found == [], f"EVALLAKE_SEED={seed}"


def test_many_writers_and_readers_meet_no_anomaly(tmp_path: Path) -> None:
    """In a process of its own, since everybody is forked from it."""
    repository = Path(__file__).parents[2]
    command = [sys.executable, "-m", "tests.kills.writers", "--folder", str(tmp_path)]
    done = subprocess.run(
        [*command, "--minutes", MINUTES, "--grace", "5", "--kill-every", "1.5"],
        cwd=repository,
        env=os.environ | {"PYTHONPATH": str(repository)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 anomalies" in done.stdout
    assert "looks at rows" in done.stdout
