"""Row accounting: for every input file, read = landed + merged + duplicate + rejected.

Counts whole batches, never single rows. An account that does not balance is a fault of this
program, not of the input, so it is raised as one and nothing is committed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa

from ingest.raw import DUPLICATE, LANDED, MERGED, REJECTED, ROLES, InputFile


class ImbalanceError(AssertionError):
    """Rows went missing, or came from nowhere, between the reader and the lake."""


@dataclass(frozen=True, slots=True)
class FileAccount:
    """What became of the rows of one input file (counts)."""

    path: str
    """Relative to the source."""
    bytes: int
    sha256: str
    read: int = 0
    landed: int = 0
    merged: int = 0
    duplicate: int = 0
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class Accounting:
    """What became of the rows of a load, file by file."""

    files: tuple[FileAccount, ...]

    @property
    def read(self) -> int:
        """Input rows (count)."""
        return sum(file.read for file in self.files)

    @property
    def landed(self) -> int:
        """Rows that became an example (count)."""
        return sum(file.landed for file in self.files)

    @property
    def merged(self) -> int:
        """Rows joined to their twin (count)."""
        return sum(file.merged for file in self.files)

    @property
    def duplicate(self) -> int:
        """Rows recognised as copies (count)."""
        return sum(file.duplicate for file in self.files)

    @property
    def rejected(self) -> int:
        """Rows kept in rejects (count)."""
        return sum(file.rejected for file in self.files)


class RowCounter:
    """Counts what a reader hands on, and weighs it against what was written."""

    def __init__(self) -> None:
        self._read: Counter[str] = Counter()
        self._roles: Counter[tuple[str, str]] = Counter()

    def add(self, batch: pa.RecordBatch) -> None:
        """Count one batch of schema RAW_EXAMPLE or RAW_JUDGMENT."""
        counts = (
            pa.table({"file": batch.column("source_file"), "role": batch.column("role")})
            .group_by(["file", "role"])
            .aggregate([([], "count_all")])
        )
        for file, role, rows in zip(
            counts["file"].to_pylist(),
            counts["role"].to_pylist(),
            counts["count_all"].to_pylist(),
            strict=True,
        ):
            self._roles[file, role] += rows
            self._read[file] += rows

    def accounting(
        self, files: Iterable[InputFile], *, examples_written: int, rejects_written: int
    ) -> Accounting:
        """The balanced account; ImbalanceError where it does not balance.

        Args:
            files: the run's input files; those without rows are listed too.
            examples_written: rows written to the lake's tables of examples and of judgments.
            rejects_written: rows written to the lake's table of rejects.
        """
        known = {file.path: file for file in files}
        strangers = sorted(set(self._read) - set(known))
        if strangers:
            raise ImbalanceError(f"rows of files that the run does not list: {strangers}")
        accounts = tuple(self._account(file) for file in known.values())
        for account in accounts:
            parts = account.landed + account.merged + account.duplicate + account.rejected
            if account.read != parts:
                raise ImbalanceError(
                    f"{account.path}: {account.read} rows read, {parts} accounted for; "
                    f"roles are {sorted({role for _, role in self._roles})}, known are {ROLES}"
                )
        accounting = Accounting(accounts)
        if accounting.landed != examples_written:
            raise ImbalanceError(
                f"{accounting.landed} rows landed, {examples_written} examples and judgments written"
            )
        if accounting.rejected != rejects_written:
            raise ImbalanceError(
                f"{accounting.rejected} rows rejected, {rejects_written} rejects written"
            )
        return accounting

    def _account(self, file: InputFile) -> FileAccount:
        return FileAccount(
            file.path,
            file.bytes,
            file.sha256,
            read=self._read[file.path],
            landed=self._roles[file.path, LANDED],
            merged=self._roles[file.path, MERGED],
            duplicate=self._roles[file.path, DUPLICATE],
            rejected=self._roles[file.path, REJECTED],
        )
