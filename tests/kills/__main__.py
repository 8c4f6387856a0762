"""`python -m tests.kills --kills 500 --seed 1`: processes are killed, and the lake is looked at.

Ends with 1 where a promise was broken. Every so many kills a new lake is begun, so that the first
steps of a lake are killed too.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.kills.campaign import Campaign, Tally
from tests.kills.forks import Forks
from tests.kills.jobs import write_sources
from tests.kills.verbs import VERBS, Verb

KILLS_PER_LAKE = 100


def run(
    folder: Path, *, kills: int, seed: int, verbs: Sequence[Verb], jobs: int = 4, versions: int = 3
) -> Tally:
    """A campaign on a disk; what came of it.

    Args:
        folder: empty.
        kills: how many.
        seed: decides what is done and when it is killed, as far as the machine lets it.
        verbs: what is done.
        jobs: that are ingested (count).
        versions: of each job (count).
    """
    tally = Tally()
    chance = random.Random(seed)
    sources = write_sources(folder / "jobs", jobs=jobs, versions=versions)
    with Forks() as forks:
        number = 0
        while tally.killed < kills:
            number += 1
            root = str(folder / f"lake-{number}")
            wanted = min(KILLS_PER_LAKE, kills - tally.killed)
            Campaign(root, sources, forks, chance=chance, tally=tally, verbs=verbs).run(wanted)
    return tally


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where lakes are made (default: TMPDIR)")
    parser.add_argument("--verbs", nargs="+", choices=VERBS, default=VERBS)
    asked = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="evallake-kills-", dir=asked.folder) as folder:
        tally = run(Path(folder), kills=asked.kills, seed=asked.seed, verbs=asked.verbs)
    for line in tally.lines():
        print(line)
    print(f"seed {asked.seed}, {time.monotonic() - began:.0f} s")
    return 1 if tally.found else 0


if __name__ == "__main__":
    sys.exit(main())
