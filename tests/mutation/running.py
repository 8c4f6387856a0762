"""Many mutated outputs in several processes; one that dies is an output that failed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.mutation.checking import Checked, Checker, peak_bytes
from tests.mutation.seeds import write_seeds

LONGEST_SECONDS = 900
"""A process that needs longer for one output hangs; a busy machine may make it wait for minutes."""


@dataclass(slots=True)
class Report:
    """What came of a run."""

    outcomes: Counter[str] = field(default_factory=Counter)
    rows: int = 0
    failed: list[Checked] = field(default_factory=list)
    peak_bytes: int = 0

    def add(self, checked: Checked) -> None:
        """Count one more."""
        self.outcomes[checked.outcome] += 1
        self.rows += checked.rows
        if checked.problems:
            self.failed.append(checked)

    def __str__(self) -> str:
        counts = ", ".join(f"{count:,} {name}" for name, count in sorted(self.outcomes.items()))
        return (
            f"{self.outcomes.total():,} outputs: {counts}; {self.rows:,} rows accounted for; "
            f"peak {self.peak_bytes / 2**20:,.0f} MiB; {len(self.failed)} with problems"
        )


def checked(numbers: Iterable[int], *, seed: int, keep: Path | None = None) -> Iterator[Checked]:
    """The outputs of these numbers, one after the other in this process.

    Args:
        keep: where to work and leave everything; None for a folder that goes away.
    """
    with tempfile.TemporaryDirectory(prefix="evallake-mutation-") as made:
        folder = Path(made) if keep is None else keep
        checker = Checker(
            folder, write_seeds(folder / "seeds"), seed=seed, longest_seconds=LONGEST_SECONDS
        )
        for number in numbers:
            yield checker.check(number, keep=keep is not None)


def run(
    outputs: int, *, seed: int, processes: int, tell: Callable[[Checked], None] = lambda _: None
) -> Report:
    """Check outputs 0 to `outputs` - 1; `tell` hears of each as it is done."""
    report = Report()

    def work(share: int) -> None:
        first: int | None = share
        while first is not None:
            first = _child(first, outputs, processes, seed, report, tell)

    with ThreadPoolExecutor(processes) as pool:
        list(pool.map(work, range(processes)))
    return report


def _child(
    first: int,
    outputs: int,
    step: int,
    seed: int,
    report: Report,
    tell: Callable[[Checked], None],
) -> int | None:
    """One process's share from `first` on; where to go on after it died, None when it is done."""
    command = [sys.executable, "-m", "tests.mutation.running"]
    command += [str(word) for word in (first, outputs, step, seed)]
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, text=True) as child,
    ):
        assert child.stdout is not None
        at = first
        for line in child.stdout:
            told = json.loads(line)
            at = told["number"]
            report.peak_bytes = max(report.peak_bytes, told.pop("peak_bytes"))
            if "outcome" in told:
                done = Checked(**told)
                report.add(done)
                tell(done)
        if child.wait() == 0:
            return None
        said.seek(0)
        died = Checked(at, "", "died", (f"exit {child.returncode}\n{said.read()[-4000:]}",), 0, 0.0)
    report.add(died)
    tell(died)
    return at + step if at + step < outputs else None


def _main() -> None:
    """A child: what it begins and what came of it, a JSON object each."""
    first, outputs, step, seed = map(int, sys.argv[1:])
    os.fsync = lambda descriptor: None  # nothing here has to outlive the machine
    numbers = range(first, outputs, step)
    results = checked(_announced(numbers), seed=seed)
    for done in results:
        print(json.dumps(asdict(done) | {"peak_bytes": peak_bytes()}), flush=True)


def _announced(numbers: Iterable[int]) -> Iterator[int]:
    for number in numbers:
        print(json.dumps({"number": number, "peak_bytes": peak_bytes()}), flush=True)
        yield number


if __name__ == "__main__":
    _main()
