"""A build goes on where files of the lake went under it, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evallake.dbt_run import DbtOptions, DbtOutcome, Failure
from evallake.engines.vanished import TRIES
from evallake.project import Project
from evallake.rerunning import run_until_still

GONE = 'IO Error: Cannot open file "jobs/1.parquet": No such file or directory'
DONE = DbtOutcome(models=3, tests=2, skipped=0, failures=(), warnings=("w",), error=None)


def failed(*messages: str) -> DbtOutcome:
    failures = tuple(Failure(f"model_{n}", False, text, None) for n, text in enumerate(messages))
    return replace(DONE, models=1, tests=1, skipped=2, failures=failures, warnings=())


class Runs:
    """A dbt that comes to these outcomes, one after the other."""

    def __init__(self, *outcomes: DbtOutcome) -> None:
        self.left = list(outcomes)
        self.selected: list[tuple[str, ...]] = []
        self.waited: list[float] = []

    def __call__(self, project: Project, options: DbtOptions, **_: Any) -> DbtOutcome:
        self.selected.append(options.select)
        return self.left.pop(0)

    def outcome(self) -> DbtOutcome:
        options = DbtOptions(
            target_folder=Path("t"), log_folder=Path("l"), environment={}, variables={}
        )
        project = Project(Path("p"))
        return run_until_still(project, options, run=self, wait=self.waited.append)


def test_what_was_built_is_not_built_again() -> None:
    runs = Runs(DONE)
    assert runs.outcome() == DONE
    assert runs.selected == [()]
    assert runs.waited == []


def test_only_what_failed_and_what_depends_on_it_is_tried_again() -> None:
    runs = Runs(failed(GONE), DONE)
    outcome = runs.outcome()
    assert outcome.passed
    assert (outcome.models, outcome.tests, outcome.warnings) == (4, 3, ("w",))
    assert runs.selected == [(), ("model_0+",)]
    assert len(runs.waited) == 1


def test_another_failure_beside_it_is_told_in_the_end() -> None:
    runs = Runs(failed(GONE, "division by zero"), failed("division by zero"))
    outcome = runs.outcome()
    assert [failure.message for failure in outcome.failures] == ["division by zero"]
    assert runs.selected == [(), ("model_0+", "model_1+")]


@pytest.mark.parametrize("message", ["division by zero", "HTTP Error: HTTP 403 (Forbidden)"])
def test_other_failures_are_not_tried_again(message: str) -> None:
    runs = Runs(failed(message))
    assert runs.outcome() == failed(message)


def test_it_gives_up_where_files_go_all_the_time() -> None:
    runs = Runs(*[failed(GONE)] * TRIES)
    assert not runs.outcome().passed
    assert runs.left == []
    assert runs.waited == sorted(runs.waited)
