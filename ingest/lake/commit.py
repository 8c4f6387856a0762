"""From finished files in a private folder to a load that counts, or to nothing at all.

Decides the order of the last steps and what a failure of each of them takes back. What the files
hold, and whether the load deserves to be seen, was decided before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType

from ingest.errors import IdentityError, OutcomeUnknownError, StoreError
from ingest.lake.accounting import Accounting
from ingest.lake.catalogue import Catalogue
from ingest.lake.events import LoadFacts, TableFiles
from ingest.lake.lake import Lake
from ingest.lake.placing import Placing
from ingest.lake.writer import StagedFile
from ingest.raw import Finding
from ingest.tables import DATA_TABLES


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedLoad:
    """A load whose files are whole and not yet in the lake: what a check looks at."""

    job_id: str
    load_id: str
    files: tuple[StagedFile, ...]
    accounting: Accounting
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a load comes from."""

    source_uri: str
    digest: str
    input_digest: str
    reader: str
    job: Mapping[str, str | int | float | None]
    """The job in a few words, for people who read the log."""


def _unwatched(moved: int, of: int) -> None:
    """Nobody watches."""


def _unnamed(stage: str) -> None:
    """Nobody asks what is being done."""


def commit_load(
    lake: Lake,
    staged: StagedLoad,
    provenance: Provenance,
    *,
    placing: Placing,
    hold_because: str | None = None,
    beside_twin: bool = True,
    catalogue: Catalogue | None = None,
    progress: Callable[[int, int], None] = _unwatched,
    stage: Callable[[str], None] = _unnamed,
) -> None:
    """Have the files in place, register them, and append the one event that makes them count.

    Until that event no reader looks at them. What fails before it, or is certain not to have
    written it, takes the files away again. Where it may have been written (the store did not
    say, or this process is being interrupted) the files stay: a committed load must not lose
    them, and those of no committed load are waste that vacuum removes.

    Args:
        lake: where the load goes.
        staged: the load, whole.
        provenance: where it comes from.
        placing: what some of its files may be on their way with already; it is being left, so
            that it takes them away, by whoever meets an error from here.
        hold_because: why the load must not be seen yet; None commits it.
        beside_twin: whether another job may show or hold a load of the same files.
        catalogue: where SQL engines look for the files; None where they read the folders.
        progress: told of bytes in place and bytes in all.
        stage: told when placing, registering and committing begin.
    """
    facts = LoadFacts(
        source_uri=provenance.source_uri,
        digest=provenance.digest,
        input_digest=provenance.input_digest,
        reader=provenance.reader,
        job=provenance.job,
        accounting=staged.accounting,
        tables=_table_files(staged.files),
        findings=staged.findings,
    )
    stage("placing")
    placing.finish(staged.files, progress=progress)
    registration = _Registration(catalogue, staged)
    if catalogue is not None:
        stage("registering")
    with registration:
        registration.register()
    placing.keep()
    stage("committing")
    try:
        if hold_because is None:
            lake.commit(staged.job_id, staged.load_id, facts, beside_twin=beside_twin)
        else:
            lake.hold(
                staged.job_id,
                staged.load_id,
                facts,
                reason=hold_because,
                beside_twin=beside_twin,
            )
    except OutcomeUnknownError:
        raise
    except (StoreError, IdentityError) as failure:
        registration.undo(failure)
        placing.take_away(failure)
        raise


class _Registration:
    """A load's place in the catalogue; leaving it with an error undoes it."""

    def __init__(self, catalogue: Catalogue | None, staged: StagedLoad) -> None:
        self._catalogue = catalogue
        self._staged = staged
        self._tables = list(dict.fromkeys(file.table for file in staged.files))

    def __enter__(self) -> _Registration:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:  # a call that fails may have registered something
            self.undo(error)

    def register(self) -> None:
        if self._catalogue is not None:
            staged = self._staged
            self._catalogue.register_load(staged.job_id, staged.load_id, tables=self._tables)

    def undo(self, because: BaseException) -> None:
        """Have the catalogue forget the load; where it cannot, that is noted on `because`."""
        if self._catalogue is None:
            return
        staged = self._staged
        try:
            self._catalogue.forget_load(staged.job_id, staged.load_id, tables=self._tables)
        except StoreError as error:
            because.add_note(f"left behind, no reader looks there: {error}")


def _table_files(files: tuple[StagedFile, ...]) -> tuple[TableFiles, ...]:
    """What was written into each table, in the registry's order; empty ones are left out."""
    written = []
    for table in DATA_TABLES:
        parts = [file for file in files if file.table == table.name]
        if parts:
            written.append(
                TableFiles(
                    table.name,
                    sum(part.rows for part in parts),
                    sum(part.bytes for part in parts),
                    tuple(part.key for part in parts),
                )
            )
    return tuple(written)
