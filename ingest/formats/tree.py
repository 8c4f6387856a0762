"""Which files belong to which run. Reads names only, never a file.

A run is what one evaluation wrote at one time: files are grouped by the directory that holds
the evaluation's output, the model's directory below it, and the timestamp in their names. A
tree may hold several runs (an archive unpacked over an earlier one); each becomes a run of
its own, and none is chosen by chance.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote

from ingest.formats.timestamps import PATTERN, Timestamp, parse_timestamp
from ingest.sources import SourceFile

_OUTPUT_DIRECTORY = re.compile(r"eval[-_]results?")
_RESULTS = re.compile(rf"results?[-_](?P<ts>{PATTERN})(?P<shard>[-_.].*)?\.json")
_RESULTS_UNDATED = re.compile(r"results?(?:[-_]timestamp)?\.json|metrics\.json")
_DETAILS = re.compile(rf"details_(?P<key>.+?)(?:_(?P<ts>{PATTERN})(?P<shard>[-_.].*)?)?\.parquet")
_INFERENCE = re.compile(r"inference[-_]output.*\.jsonl")


@dataclass(frozen=True, slots=True)
class DetailsFile:
    """One details Parquet file and the task key in its name."""

    file: SourceFile
    task_key: str


@dataclass(slots=True)
class RunFiles:
    """The files of one run."""

    base: str
    """Directory of the output, as far as the source's address and paths tell; may be empty."""
    model_directory: str | None
    """Directory below `details` or `results` that names the model."""
    timestamp: Timestamp | None
    results: list[SourceFile] = field(default_factory=list)
    details: list[DetailsFile] = field(default_factory=list)
    inference: list[SourceFile] = field(default_factory=list)
    has_lighteval_layout: bool = False
    """Whether results were found under `results/`, as lighteval itself writes them."""
    merged_timestamps: tuple[Timestamp, ...] = ()
    """Timestamps of other nodes whose files were joined to this run."""

    @property
    def run_name(self) -> str | None:
        """The recipe's run name; None where the directory has none (or is literally `None`)."""
        parts = [part for part in self.base.split("/") if part]
        for index in reversed(range(len(parts))):
            if _OUTPUT_DIRECTORY.fullmatch(parts[index]):
                parts = parts[:index]
                break
        return parts[-1] if parts and parts[-1] != "None" else None

    @property
    def is_nova(self) -> bool:
        """Whether the tree is laid out as the Nova container does."""
        in_output = any(_OUTPUT_DIRECTORY.fullmatch(part) for part in self.base.split("/"))
        flat_results = bool(self.results) and not self.has_lighteval_layout
        return in_output or bool(self.inference) or flat_results


@dataclass(frozen=True, slots=True)
class _Place:
    base: str
    model_directory: str | None


def group_files(files: Iterable[SourceFile], *, context: str) -> list[RunFiles]:
    """Groups a source's files into runs, sorted by directory and time.

    Args:
        files: candidates; those that are no results, details or inference file are left out.
        context: directories above the source, so that a path into the middle of a tree is
            understood as well.
    """
    results: list[tuple[SourceFile, str, str, Timestamp | None]] = []
    runs = _Runs()
    inference: list[tuple[SourceFile, str]] = []
    for file in files:
        directory, _, name = f"{context}/{file.path}".rpartition("/")
        directory, name = directory.lstrip("/"), unquote(name)
        if match := _DETAILS.fullmatch(name):
            place, in_directory = _details_place(directory)
            timestamp = parse_timestamp(match["ts"]) if match["ts"] else in_directory
            runs.at(place, timestamp).details.append(DetailsFile(file, match["key"]))
        elif match := _RESULTS.fullmatch(name):
            results.append((file, directory, name, parse_timestamp(match["ts"])))
        elif _RESULTS_UNDATED.fullmatch(name):
            results.append((file, directory, name, None))
        elif _INFERENCE.fullmatch(name):
            inference.append((file, directory))
    bases = runs.bases | {directory for _, directory in inference}
    has_dated = {directory for _, directory, _, timestamp in results if timestamp is not None}
    for file, directory, name, timestamp in results:
        if name == "metrics.json" and directory in has_dated:
            continue  # some notebooks keep a copy of the results under this name
        place, is_lighteval = _results_place(directory, bases)
        run = runs.of_results(place, timestamp)
        run.results.append(file)
        run.has_lighteval_layout = is_lighteval
    for file, directory in inference:
        runs.latest(directory).inference.append(file)
    return runs.in_order()


def single_file(file: SourceFile, *, context: str) -> RunFiles:
    """A run from one file that the caller named, whatever its name is."""
    found = group_files([file], context=context)
    if found:
        return found[0]
    run = _new(_Place(context.lstrip("/"), None), None)
    if file.path.endswith(".parquet"):
        run.details.append(DetailsFile(file, file.path.removesuffix(".parquet")))
    elif file.path.endswith(".jsonl"):
        run.inference.append(file)
    else:
        run.results.append(file)
    return run


class _Runs:
    """Runs found so far; none is looked for among all others, of which there may be many."""

    def __init__(self) -> None:
        self._all: dict[tuple[_Place, Timestamp | None], RunFiles] = {}
        self._of_base: dict[str, list[RunFiles]] = {}
        self._of_time: dict[tuple[str, Timestamp | None], list[RunFiles]] = {}
        self._latest: dict[str, RunFiles] = {}

    @property
    def bases(self) -> set[str]:
        """Directories of outputs."""
        return set(self._of_base)

    def at(self, place: _Place, timestamp: Timestamp | None) -> RunFiles:
        """The run of that place and time; a new one where there is none."""
        run = self._all.get((place, timestamp))
        if run is None:
            run = self._all[place, timestamp] = _new(place, timestamp)
            self._of_base.setdefault(place.base, []).append(run)
            self._of_time.setdefault((place.base, timestamp), []).append(run)
        return run

    def of_results(self, place: _Place, timestamp: Timestamp | None) -> RunFiles:
        """The run that a results file belongs to; a new one where there is none."""
        same_base = self._of_base.get(place.base, [])
        if timestamp is None and len(same_base) == 1:
            return same_base[0]
        for run in self._of_time.get((place.base, timestamp), []):
            if place.model_directory in (None, run.model_directory):
                return run
        return self.at(place, timestamp)

    def latest(self, directory: str) -> RunFiles:
        """The run that wrote a file without a timestamp: a later run overwrites an earlier's."""
        if directory not in self._latest:
            there = self._of_base.get(directory) or [self.at(_Place(directory, None), None)]
            self._latest[directory] = max(there, key=_order)
        return self._latest[directory]

    def in_order(self) -> list[RunFiles]:
        """All of them, by directory and time."""
        return sorted(self._all.values(), key=_order)


def _new(place: _Place, timestamp: Timestamp | None) -> RunFiles:
    return RunFiles(place.base, place.model_directory, timestamp)


def _details_place(directory: str) -> tuple[_Place, Timestamp | None]:
    """The place of a details file, and the timestamp that its directory is named for."""
    parts = directory.split("/")
    timestamp = parse_timestamp(unquote(parts[-1]))
    if "details" not in parts:
        return _Place(directory, None), timestamp
    at = len(parts) - 1 - parts[::-1].index("details")
    below = parts[at + 1 : -1] if timestamp is not None else parts[at + 1 :]
    return _Place("/".join(parts[:at]), "/".join(below) or None), timestamp


def _results_place(directory: str, bases: set[str]) -> tuple[_Place, bool]:
    """The place of a results file, and whether it lies where lighteval itself puts it."""
    parts = directory.split("/")
    if directory in bases or _OUTPUT_DIRECTORY.fullmatch(parts[-1]) or "results" not in parts:
        return _Place(directory, None), False
    at = len(parts) - 1 - parts[::-1].index("results")
    return _Place("/".join(parts[:at]), "/".join(parts[at + 1 :]) or None), True


def _order(run: RunFiles) -> tuple[str, bool, str, str]:
    moment = "" if run.timestamp is None else run.timestamp.at_utc.isoformat()
    return run.base, run.timestamp is not None, moment, run.model_directory or ""
