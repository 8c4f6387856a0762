"""Stages follow one another, and their seconds add up."""

from __future__ import annotations

from ingest.timing import StageClock


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_stage_lasts_until_the_next_begins() -> None:
    clock = Clock()
    stages = StageClock(clock)
    clock.now += 5  # nobody's
    stages.begin("reading")
    clock.now += 2
    stages.begin("writing")
    clock.now += 1
    stages.begin("writing")  # goes on
    clock.now += 1
    stages.begin("reading")  # comes again
    clock.now += 4
    assert stages.take() == {"reading": 6.0, "writing": 2.0}


def test_what_was_taken_is_counted_anew() -> None:
    clock = Clock()
    stages = StageClock(clock)
    stages.begin("finding")
    clock.now += 3
    assert stages.take() == {"finding": 3.0}
    clock.now += 3
    assert stages.take() == {}
    stages.end()
    stages.begin("finding")
    clock.now += 1
    assert stages.take() == {"finding": 1.0}
