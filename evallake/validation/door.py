"""The check at the door: a load is held against its suites before it is committed.

A failed critical expectation keeps the load from being seen; a failed warning is recorded as a
finding. Every outcome is a row of the load's `expectation_results`. How outcomes come about is
decided in `rows` and `counting`.

Great Expectations takes seconds to import: a door that is told to prepare does so in a thread,
while the load's rows are still being read.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pyarrow.parquet as pq

from evallake.project import find_project
from evallake.validation.counting import COUNTED, Counts
from evallake.validation.declared import Suite, read_suites
from evallake.validation.outcomes import Outcome, outcome_rows
from evallake.validation.rows import BATCH_ROWS, RowValidator
from ingest.lake.accounting import Accounting
from ingest.lake.commit import StagedLoad
from ingest.landing import CheckResult
from ingest.raw import Finding
from ingest.tables import JUDGMENTS

_NAMED = 3
"""Failed expectations named in the reason for holding a load back (count)."""


class Door:
    """Holds loads against the suites of `expectations/`; made once, used for many loads."""

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        suites: Mapping[str, Suite] | None = None,
        batch_rows: int = BATCH_ROWS,
    ) -> None:
        """
        Args:
            now: the clock, aware; when a load was checked.
            suites: by lake table; None reads those of the installation.
            batch_rows: rows in memory at a time (count).
        """
        self._now = now
        self._batch_rows = batch_rows
        self._suites = read_suites(find_project().expectations) if suites is None else suites
        self._validator: Future[RowValidator] | None = None

    def prepare(self) -> None:
        """Begin what takes long, once, and return; see `ingest.landing.checking.Preparing`."""
        if self._validator is None:
            pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="prepare-door")
            self._validator = pool.submit(RowValidator, batch_rows=self._batch_rows)
            pool.shutdown(wait=False)

    def __call__(self, load: StagedLoad) -> CheckResult:
        """What `ingest_source` asks before a commit."""
        files: dict[str, list[Path]] = defaultdict(list)
        for file in load.files:
            files[file.table].append(file.path)
        outcomes = self.outcomes(files, accounting=load.accounting)
        return CheckResult(
            hold_because=_reason_to_hold(outcomes),
            findings=tuple(_finding(outcome) for outcome in outcomes if not outcome.is_met),
            results=outcome_rows(
                [outcome for outcome in outcomes if outcome.rows or not outcome.is_met],
                job_id=load.job_id,
                load_id=load.load_id,
                checked_at_utc=self._now(),
            ),
        )

    def outcomes(
        self,
        files: Mapping[str, Sequence[Path]],
        *,
        accounting: Accounting,
        is_landed: bool = False,
    ) -> tuple[Outcome, ...]:
        """Every expectation of every table of one load; of broken tables, that they are broken.

        Args:
            files: the load's Parquet files by lake table.
            accounting: what the source held, for the expected numbers of rows.
            is_landed: whether an earlier version may have written them: a column that the
                registry has gained since is then null in every row, as readers see it.
        """
        self.prepare()
        assert self._validator is not None
        validator = self._validator.result()
        parameters = {
            "rows_landed_besides_judgments": accounting.landed - _rows(files, JUDGMENTS.name),
            "rows_rejected": accounting.rejected,
        }
        of_rows = {
            name: [e for e in suite.expectations if e.type not in COUNTED]
            for name, suite in self._suites.items()
        }
        found = {
            name: validator.evaluate_schema(
                name, files.get(name, ()), expectations, is_landed=is_landed
            )
            for name, expectations in of_rows.items()
        }
        is_whole = {name: all(o.is_met for o in outcomes) for name, outcomes in found.items()}
        counted: Future[list[Outcome]] | None = None
        with (
            tempfile.TemporaryDirectory(prefix="evallake-validate-") as scratch,
            Counts(files, parameters=parameters, scratch=Path(scratch)) as counts,
            ThreadPoolExecutor(max_workers=1, thread_name_prefix="count") as beside,
        ):
            if all(is_whole.values()):
                counted = beside.submit(self._counted, counts)
            for name, expectations in of_rows.items():
                if is_whole[name]:
                    found[name] += validator.evaluate_rows(name, files.get(name, ()), expectations)
        of_tables = counted.result() if counted else []
        return (*(o for outcomes in found.values() for o in outcomes), *of_tables)

    def _counted(self, counts: Counts) -> list[Outcome]:
        """What DuckDB counts; it does so beside Great Expectations, in another thread."""
        return [
            counts.evaluate(name, expectation)
            for name, suite in self._suites.items()
            for expectation in suite.expectations
            if expectation.type in COUNTED
        ]


def _rows(files: Mapping[str, Sequence[Path]], table: str) -> int:
    """Rows of a table as its files say (count)."""
    return sum(pq.read_metadata(path).num_rows for path in files.get(table, ()))


def _reason_to_hold(outcomes: Sequence[Outcome]) -> str | None:
    failed = [outcome for outcome in outcomes if outcome.holds_back]
    if not failed:
        return None
    named = "; ".join(map(str, failed[:_NAMED]))
    more = f"; and {len(failed) - _NAMED} more" if len(failed) > _NAMED else ""
    return f"{len(failed)} critical expectations failed: {named}{more}"


def _finding(outcome: Outcome) -> Finding:
    return Finding(f"expectation_{outcome.expectation.severity}", str(outcome))
