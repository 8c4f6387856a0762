"""A check at the door: what it is told, what it answers, and its results as a table of the load.

What is expected of a load is the check's own business; `ingest` does not know.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, runtime_checkable

import pyarrow as pa

from ingest.lake import LoadWriter
from ingest.lake.commit import StagedLoad
from ingest.lake.placing import Placing
from ingest.raw import Finding
from ingest.tables import EXPECTATION_RESULTS


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What a check found."""

    hold_because: str | None = None
    """Why the load must not become visible. None: it may."""
    findings: tuple[Finding, ...] = ()
    results: pa.Table | None = None
    """Rows of `expectation_results`. None: the check keeps none."""


class Check(Protocol):
    """Looks at a load whose files are whole, before it is committed."""

    def __call__(self, load: StagedLoad, /) -> CheckResult:
        """Whether the load may be seen, and what was noticed."""
        ...


@runtime_checkable
class Preparing(Protocol):
    """A check that has something to do beforehand, which costs no time while rows are read."""

    def prepare(self) -> None:
        """Begin it, in a thread of its own, and return at once; asked before each new load."""
        ...


def with_results(
    staged: StagedLoad, checked: CheckResult, *, folder: Path, placing: Placing
) -> StagedLoad:
    """The load with what the check noticed and, as one more file, what came of each expectation.

    They are the load's own: they become visible with it, and are held back with it.
    """
    files = staged.files
    if checked.results is not None:
        with LoadWriter(
            folder, job_id=staged.job_id, load_id=staged.load_id, finished=placing.begin
        ) as writer:
            writer.write({EXPECTATION_RESULTS.name: checked.results})
            files += writer.finish()
    return replace(staged, files=files, findings=staged.findings + checked.findings)
