"""What must hold when any output is ingested: rows accounted for, or one line that says why not."""

from __future__ import annotations

import faulthandler
import random
import resource
import shutil
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from ingest.errors import IngestError
from ingest.lake import Lake
from ingest.landing import IngestOptions, LandingResult, ingest_source
from ingest.sources import open_source
from tests.fixtures.invariants import violations
from tests.fixtures.known_truth import NOW
from tests.mutation.trees import mutate

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_EXIT_CODE = 3
"""Of bad input: whatever is in the files is never the store's fault."""
_LONGEST_MESSAGE = 2_000


@dataclass(frozen=True, slots=True)
class Checked:
    """One mutated output, ingested."""

    number: int
    what: str
    """How it was damaged."""
    outcome: str
    """landed, refused or broken."""
    problems: tuple[str, ...]
    """What did not hold; nothing where everything did."""
    rows: int
    seconds: float


class Checker:
    """Mutates outputs and ingests each into a lake of its own, one after the other."""

    def __init__(self, folder: Path, seeds: list[Path], *, seed: int, longest_seconds: int) -> None:
        """
        Args:
            folder: to work in; empty.
            seeds: whole outputs.
            seed: together with an output's number decides what happens to it.
            longest_seconds: one output may take; then the process ends with a traceback.
        """
        self._folder = folder
        self._seeds = seeds
        self._seed = seed
        self._longest = longest_seconds
        self._empty = folder / "empty"
        Lake.open(str(self._empty), create=True)

    def check(self, number: int, *, keep: bool = False) -> Checked:
        """Ingest the output of this number and say what did not hold."""
        started = time.monotonic()
        work = self._folder / f"{number:06d}"
        chance = random.Random(f"{self._seed}-{number}")
        seed = chance.choice(self._seeds)
        source, done = mutate(shutil.copytree(seed, work / "job"), chance)
        lake = shutil.copytree(self._empty, work / "lake")
        faulthandler.dump_traceback_later(self._longest, exit=True)
        try:
            outcome, rows, problems = _ingested(source, lake)
        finally:
            faulthandler.cancel_dump_traceback_later()
        if not keep:
            shutil.rmtree(work)
        return Checked(
            number,
            f"{seed.name}: {done}",
            outcome,
            tuple(problems),
            rows,
            round(time.monotonic() - started, 3),
        )


def peak_bytes() -> int:
    """Most memory that this process has had so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def _ingested(source: Path, root: Path) -> tuple[str, int, list[str]]:
    try:
        found = ingest_source(
            str(source), Lake.open(str(root)), options=IngestOptions(workers=1), now=lambda: NOW
        )
    except IngestError as error:
        problems = _of_message(error)
        # earlier runs of the same source stay, and are whole
        return "refused", 0, problems + violations(str(root), is_vacuumed=True)
    except BaseException:  # noqa: BLE001  anything else is what is looked for
        return "broken", 0, [traceback.format_exc()]
    problems = violations(str(root), is_vacuumed=True, is_up_to_date=True)
    problems += _of_rows(source, found)
    return "landed", sum(result.accounting.read for result in found), problems


def _of_message(error: IngestError) -> list[str]:
    said = str(error)
    problems = []
    if error.exit_code != _EXIT_CODE:
        problems.append(f"exit code {error.exit_code}: {said[:300]!r}")
    if len(said.splitlines()) != 1 or len(said) > _LONGEST_MESSAGE:
        problems.append(f"not one line: {said[:300]!r}")
    return problems


def _of_rows(source: Path, found: list[LandingResult]) -> list[str]:
    """Files whose rows, counted here, are not those that the accounts speak of."""
    problems = []
    with open_source(str(source)) as opened:
        for account in (file for result in found for file in result.accounting.files):
            there = _rows_in(opened.local_path(account.path))
            parts = account.landed + account.merged + account.duplicate + account.rejected
            if not there == account.read == parts:
                problems.append(
                    f"{account.path!r}: {there} rows in it, {account.read} read, {parts} accounted"
                )
    return problems


def _rows_in(path: Path) -> int:
    if path.suffix == ".parquet":
        return int(pq.read_metadata(path).num_rows)
    if path.suffix != ".jsonl":
        return 0
    data = path.read_bytes().removeprefix(_BYTE_ORDER_MARK)
    return sum(bool(line.strip()) for line in data.split(b"\n"))
