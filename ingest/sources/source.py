"""What a source is: the files of one or more evaluation jobs, wherever they are.

Decides which file names can matter and where the limits are. Does not open a file and does
not know what one means; that is for `ingest.formats`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self
from urllib.parse import unquote

from ingest.errors import InputError, SourceError

_WANTED = re.compile(
    r"""(?x)
      result.*\.json            # results_<ts>.json, result-timestamp.json
    | metrics\.json             # results as some notebooks keep them
    | .*judge.*\.json           # bedrock_llm_judge_results.json
    | .*\.jsonl                 # inference_output.jsonl, <job>_output.jsonl
    | .*\.parquet               # details_<task key>_<ts>.parquet
    """
)

ARCHIVES = (".tar.gz", ".tgz", ".tar")
"""How the names of archives end."""

FILES = (".json", ".jsonl", ".parquet")
"""How the names of files end that are a source by themselves."""

Fetched = Callable[[int, int], None]
"""Told of bytes of a remote source that are here, and of bytes in all."""

LOOKED_FOR = "results_*.json, details_*.parquet or inference_output.jsonl"
"""What messages say when nothing was found."""


def is_wanted(path: str) -> bool:
    """Whether a file of this name can be part of an evaluation's output.

    Everything else in a tree or an archive (model weights, event files, logs) is not even
    looked at.
    """
    name = unquote(path.rsplit("/", 1)[-1])
    return _WANTED.fullmatch(name) is not None


@dataclass(frozen=True, slots=True)
class SourceLimits:
    """What a source may cost before it is refused; errors name the limit by its field.

    Nothing here is about meaning: it is how far files are believed that nobody here wrote.
    """

    max_members: int = 200_000
    """Entries of a folder or archive that are looked at (count)."""
    max_member_bytes: int = 64 << 30
    """Size of one file that is kept (bytes)."""
    max_total_bytes: int = 128 << 30
    """Size of all files kept, together (bytes)."""
    max_compression_ratio: float = 250.0
    """Unpacked to packed bytes of an archive, judged after the first 64 MiB."""
    max_document_bytes: int = 16 << 20
    """Size of one results file or summary, which is read at once (bytes)."""
    max_row_bytes: int = 64 << 20
    """Size of one row of a file: a line, or a row of Parquet in memory (bytes)."""
    max_rows: int = 1_000_000_000
    """Rows that one Parquet file may say it has (count)."""

    def refusal(self, what: str, limit: str, *, where: str, of: type[InputError]) -> InputError:
        """The error for what is more than the limit named `limit` allows."""
        return of(
            f"{what} (limit {limit})",
            where=where,
            do=f"check it, or raise the limit: --limit {limit}=N",
        )


def check_size(file: SourceFile, total: int, limits: SourceLimits, *, where: str) -> None:
    """SourceError where a file, or all up to this one, have more bytes than allowed."""
    for size, most, limit, what in (
        (file.bytes, limits.max_member_bytes, "max_member_bytes", f"{file.path} has"),
        (total, limits.max_total_bytes, "max_total_bytes", "its files together have"),
    ):
        if size > most:
            said = f"{what} more than {most} bytes"
            raise limits.refusal(said, limit, where=where, of=SourceError)


def check_count(looked_at: int, limits: SourceLimits, *, where: str) -> None:
    """SourceError where more files were looked at than allowed."""
    if looked_at > limits.max_members:
        said = f"there are more than {limits.max_members} files in it"
        raise limits.refusal(said, "max_members", where=where, of=SourceError)


def nothing_found(archives: list[str], *, where: str, refused: int = 0) -> SourceError:
    """The error for a folder without a file that matters, naming an archive that it has instead.

    Args:
        archives: paths of archives in it.
        where: the folder.
        refused: files of such names that are links out of it, or no files (count).
    """
    advice = "give the folder or output.tar.gz of an evaluation job"
    if refused:
        advice = (
            f"{refused} such names are links out of it or no files: copy it with its links followed"
        )
    if archives:
        advice = f"there is an archive in it: give its path, {archives[0]}"
    return SourceError(f"no {LOOKED_FOR} in it", where=where, do=advice)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file that can matter."""

    path: str
    """Relative to the source, POSIX separators."""
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingJob:
    """A training job as SageMaker describes it. None where it does not say."""

    name: str
    instance_type: str | None
    instance_count: int | None
    image: str | None
    """Of the container."""
    started_at_utc: datetime | None
    ended_at_utc: datetime | None
    seconds: float | None
    """From start to end, as far as both are known."""
    hyperparameters: dict[str, str]


class Source(Protocol):
    """Files of evaluation jobs, readable as long as the source is open (a context manager)."""

    uri: str
    """Where it is, as recorded in the lake."""
    context: str
    """Directories above the source, POSIX; empty where they say nothing about the files."""
    training_job_name: str | None
    """SageMaker training job, where the address names one."""
    training_job: TrainingJob | None
    """What SageMaker says of that job; None where it was not asked."""
    files: tuple[SourceFile, ...]
    """Files that can matter, sorted by path."""
    refused: int
    """Entries that were refused: links out of it, devices, pipes, paths out of it (count)."""
    limits: SourceLimits
    """How far its files are believed."""

    def local_path(self, path: str) -> Path:
        """A readable local file with the content of `path`; KeyError if there is none."""
        ...

    def sha256(self, path: str) -> str:
        """SHA-256 of the file's content, hexadecimal."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
