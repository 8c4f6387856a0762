"""A dbt build that goes on where a file of the lake was removed under it.

DuckDB lists a table's folder and opens every file in it, those of hidden loads too. When a vacuum
removes some of them in between, the model that was being built fails, and nothing else is wrong:
built again it finds what is left, with the same rows. Which loads count is fixed by the pin, so
trying again changes no answer.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace

from evallake.dbt_run import DbtOptions, DbtOutcome, Failure, OnStep, run_dbt_build
from evallake.engines.vanished import PAUSE_SECONDS, TRIES, is_vanished
from evallake.project import Project

log = logging.getLogger(__name__)


def run_until_still(
    project: Project,
    options: DbtOptions,
    *,
    on_step: OnStep | None = None,
    run: Callable[..., DbtOutcome] = run_dbt_build,
    wait: Callable[[float], None] = time.sleep,
) -> DbtOutcome:
    """`run_dbt_build`; what failed for files that went, and what depends on it, is tried again.

    Args:
        project: the models.
        options: of the first try.
        on_step: told of every finished model and test.
        run: builds once.
        wait: sleeps for some seconds.
    """
    outcome = run(project, options, on_step=on_step)
    for tried in range(1, TRIES):
        failed = [failure for failure in outcome.failures if is_vanished(failure.message)]
        if outcome.error is not None or not failed:
            return outcome
        log.info("files went during the build", extra={"models": _names(failed)})
        wait(PAUSE_SECONDS * tried)
        # Whoever failed for another reason would fail again, and says so again.
        names = _names([*outcome.failures])
        again = replace(options, select=tuple(f"{name}+" for name in names), full_refresh=False)
        outcome = _together(outcome, run(project, again, on_step=on_step))
    return outcome


def _names(failures: list[Failure]) -> list[str]:
    return sorted(failure.name for failure in failures)


def _together(before: DbtOutcome, after: DbtOutcome) -> DbtOutcome:
    """What two runs came to, the second of which built what had failed in the first."""
    seconds = dict(before.model_seconds)
    for name, spent in after.model_seconds.items():
        seconds[name] = seconds.get(name, 0.0) + spent
    return replace(
        after,
        models=before.models + after.models,
        tests=before.tests + after.tests,
        warnings=tuple(dict.fromkeys((*before.warnings, *after.warnings))),
        model_seconds=seconds,
        test_seconds=before.test_seconds + after.test_seconds,
    )
