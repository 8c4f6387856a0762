"""A short share of `python -m tests.mutation`: damaged outputs lose no row and end in no traceback.

`EVALLAKE_MUTATED_OUTPUTS=10000` is the long run, in one process.
"""

from __future__ import annotations

import os

from tests.fixtures.disk import hasty_disk
from tests.mutation.running import Report, checked

__all__ = ["hasty_disk"]

OUTPUTS = int(os.environ.get("EVALLAKE_MUTATED_OUTPUTS", "50"))
SEED = int(os.environ.get("EVALLAKE_MUTATION_SEED", "2026"))


def test_every_row_of_a_damaged_output_is_accounted_for() -> None:
    report = Report()
    for done in checked(range(OUTPUTS), seed=SEED):
        report.add(done)
    assert not report.failed, [f"{one.number} {one.what}: {one.problems}" for one in report.failed]
    assert report.outcomes["landed"] > OUTPUTS // 4, report
    assert report.outcomes["refused"] > OUTPUTS // 10, report
