"""Many processes at work on one lake, and readers that look all the time.

Writers ingest the same and different jobs, again and by force, drop, restore, compact and vacuum,
each as fast as it can. One kind of reader asks the lake for its visible loads and reads every row
of them; another asks SQL; a third builds the published tables, if that is wanted. A load that is
not whole, not there in all tables, or not what its source has to become is an anomaly; so is an
error that a writer does not expect, and a load that was reported as committed and is gone in the
end.

`python -m tests.kills.writers --writers 8 --minutes 3` ends with 1 where there was one.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from ingest.errors import IngestError, UnknownJobError
from ingest.lake import Lake, Load
from tests.fixtures.contents import NOTHING, Reading, differences
from tests.fixtures.invariants import Known, violations
from tests.fixtures.visible_by_sql import look_by_sql
from tests.kills.jobs import Source, by_digest, write_sources
from tests.kills.verbs import Order, Verb, carry_out

_WEIGHTS: dict[Verb, int] = {
    "ingest": 8,
    "force": 3,
    "drop": 3,
    "restore": 3,
    "compact": 1,
    "vacuum": 1,
}
_CRASHED = 99
Say = Callable[..., None]


@dataclass(slots=True)
class Outcome:
    """What came of it all."""

    verbs: Counter[str] = field(default_factory=Counter)
    """Verbs that were done, and those that found others quicker, by name (count)."""
    looks: Counter[str] = field(default_factory=Counter)
    """Looks by readers, and loads seen whole in them (count)."""
    killed: int = 0
    """Writers that were killed and replaced (count)."""
    anomalies: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """For people."""
        done = ", ".join(f"{name} {count:,}" for name, count in sorted(self.verbs.items()))
        looks = ", ".join(f"{name} {count:,}" for name, count in sorted(self.looks.items()))
        return [
            f"writers: {done}; {self.killed} killed",
            f"readers: {looks}",
            f"{len(self.anomalies)} anomalies",
            *self.anomalies,
        ]


class Rush:
    """One lake and everybody at work on it."""

    def __init__(
        self, folder: Path, sources: Sequence[Source], *, seconds: float, grace: float, seed: int
    ) -> None:
        """
        Args:
            folder: where the lake and everybody's notes are.
            sources: what is ingested.
            seconds: how long.
            grace: of vacuums (seconds).
            seed: decides what writers do, as far as they decide it.
        """
        self.root = str(folder / "lake")
        self._notes = folder / "notes"
        self._notes.mkdir()
        self._sources = list(sources)
        self._contents = by_digest(sources)
        self._grace = grace
        self._seed = seed
        self._until = time.monotonic() + seconds
        self._running: dict[int, tuple[str, Callable[[Say], None]]] = {}
        self._names = 0

    def run(self, *, writers: int, kill_every: float | None, builds: bool) -> Outcome:
        """Everybody works until the time is over; what came of it.

        Args:
            writers: at work at a time (count).
            kill_every: seconds between two kills of a writer, which is replaced; None for none.
            builds: whether `evallake build` is run again and again meanwhile.
        """
        Lake.open(self.root, create=True)
        everybody = [*[self._write] * writers, self._read_rows, self._read_rows, self._ask]
        if builds:
            everybody.append(self._build)
        for number, does in enumerate(everybody):
            self._start(f"{does.__name__.strip('_')}-{number}", does)
        outcome = Outcome()
        chance = random.Random(self._seed)
        next_kill = time.monotonic() + (kill_every or float("inf"))
        while self._running:
            if time.monotonic() > next_kill and time.monotonic() < self._until:
                next_kill += kill_every or 0.0
                named = [pid for pid, (name, _) in self._running.items() if "write" in name]
                os.kill(chance.choice(named), signal.SIGKILL)
                outcome.killed += 1
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid:
                name, does = self._running.pop(pid)
                if os.WIFSIGNALED(status) and time.monotonic() < self._until:
                    self._start(f"{name}-again", does)
            else:
                time.sleep(0.02)
        self._gather(outcome)
        self._look_at_the_end(outcome)
        return outcome

    def _start(self, name: str, does: Callable[[Say], None]) -> None:
        self._names += 1
        number = self._names
        child = os.fork()
        if child:
            self._running[child] = (name, does)
            return
        notes = os.open(
            self._notes / f"{number:04d}-{name}", os.O_WRONLY | os.O_CREAT | os.O_APPEND
        )

        def say(**what: object) -> None:
            os.write(notes, (json.dumps(what) + "\n").encode())

        exit_code = _CRASHED
        try:
            random.seed(self._seed * 1000 + number)
            while time.monotonic() < self._until:
                began = time.monotonic()
                does(say)
                if does != self._write:  # leave the processor to those who are looked at
                    time.sleep(max(0.1, time.monotonic() - began))
            exit_code = 0
        finally:  # nothing of the parent must go on in the child
            if exit_code == _CRASHED:
                say(anomaly=f"{name} crashed: {traceback.format_exc()}")
            os._exit(exit_code)

    def _write(self, say: Say) -> None:
        """One verb."""
        verb = random.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
        source = random.choice(self._sources)
        order = Order(
            verb=verb,
            root=self.root,
            job_id=source.job_id,
            source=str(source.folder),
            grace_seconds=self._grace,
        )
        began = time.monotonic()
        try:
            done, _, load_id = carry_out(order).partition(" ")
        except UnknownJobError:  # others dropped or restored it before
            say(verb=f"{verb} (others were quicker)")
        except IngestError as error:
            seconds = time.monotonic() - began
            if seconds > self._grace and "--grace" in str(error):  # it is told what to do
                say(verb=f"{verb} (overtaken by a vacuum, being slower than its grace)")
            else:
                say(anomaly=f"{verb} {order.job_id}, after {seconds:.1f} s: {error}")
        else:
            say(verb=verb)
            if done == "landed":
                say(committed=load_id, job=order.job_id)

    def _read_rows(self, say: Say) -> None:
        """Every row of every visible load, as somebody reads them who asked the lake."""
        began = time.monotonic()
        lake = Lake.open(self.root)
        reading = Reading()
        for load in lake.current().values():
            wrong = self._wrong_rows(reading, load)
            is_slow = time.monotonic() - began > self._grace
            if not wrong:
                say(look="loads read")
            elif self._is_given_up(lake, load.load_id):
                say(look="loads that a vacuum took from a reader slower than its grace")
            elif is_slow and not self._wrong_rows(Reading(), self._as_of_now(load)):
                say(look="loads that were folded under a reader slower than the grace of a vacuum")
            else:
                say(anomaly=f"job {load.job_id}, load {load.load_id}: {'; '.join(wrong)}")
        say(look="looks at rows")

    def _wrong_rows(self, reading: Reading, load: Load) -> list[str]:
        """What is not as the load's source has to become."""
        try:
            found = reading.contents(Path(self.root), load)
        except FileNotFoundError as error:
            return [f"{error.filename} is missing"]
        return differences(found, self._contents[load.facts.input_digest])

    def _as_of_now(self, load: Load) -> Load:
        """The load as the log has it now: a compaction may have moved its small rows."""
        loads = Lake.open(self.root).loads()
        return next(now for now in loads if now.load_id == load.load_id)

    def _ask(self, say: Say) -> None:
        """The same by SQL."""
        try:
            seen = look_by_sql(self.root)
        except duckdb.Error as error:
            say(look="queries to be asked again", why=str(error))
            return
        lake = Lake.open(self.root)
        for load in seen:
            known = {
                name: content.rows for name, content in self._contents[load.input_digest].items()
            }
            found = {name: rows for name, rows in load.found.items() if name != "rows landed"}
            wrong = [str(what) for what in load.wrong()]
            if found != {name: rows for name, rows in known.items() if rows}:
                wrong.append(f"SQL sees {found}, known are {known}")
            if not wrong:
                say(look="loads counted")
            elif self._is_given_up(lake, load.load_id):
                say(look="loads that a vacuum took from a query slower than its grace")
            else:
                say(anomaly=f"job {load.job_id}: {'; '.join(wrong)}")
        if len({load.job_id for load in seen}) < len(seen):
            say(anomaly="SQL sees two loads of a job at once")
        say(look="queries")

    def _build(self, say: Say) -> None:
        """The published tables, built from the lake while all the others are at it."""
        published = Path(self.root, "evallake.duckdb")
        built = subprocess.run(
            [sys.executable, "-m", "evallake", "--root", self.root, "build", "--threads", "1"],
            capture_output=True,
            text=True,
            check=False,
        )
        if built.returncode == 4 and "--grace" in built.stderr:
            say(look="builds that a vacuum overtook, being slower than its grace")
            return
        if built.returncode:
            say(anomaly=f"build ended with {built.returncode}: {built.stderr[-2000:]}")
            return
        with duckdb.connect(str(published), read_only=True) as connection:
            rows = connection.execute(
                "select job_id, input_digest, count(example_id) from stg_lake__current_loads"
                " left join fct_examples using (job_id) group by all"
            ).fetchall()
        for job_id, digest, examples in rows:
            known = self._contents[digest].get("examples", NOTHING).rows
            if examples != known:
                say(anomaly=f"job {job_id}: {examples} examples are published, known are {known}")
        say(look="builds")

    def _is_given_up(self, lake: Lake, load_id: str) -> bool:
        """Whether a vacuum removed a load that was hidden since the reader began."""
        return any(load.load_id == load_id and load.state == "vacuumed" for load in lake.loads())

    def _gather(self, outcome: Outcome) -> None:
        self._committed: dict[str, str] = {}
        for notes in sorted(self._notes.iterdir()):
            for line in notes.read_text().splitlines():
                said = json.loads(line)
                if "verb" in said:
                    outcome.verbs[said["verb"]] += 1
                elif "look" in said:
                    outcome.looks[said["look"]] += 1
                elif "committed" in said:
                    self._committed[said["committed"]] = said["job"]
                else:
                    outcome.anomalies.append(f"{notes.name}: {said['anomaly']}")

    def _look_at_the_end(self, outcome: Outcome) -> None:
        """Everything is whole, and after a vacuum nothing is left over."""
        known = Known(committed=self._committed, contents=self._contents)
        outcome.anomalies += [f"in the end: {v}" for v in violations(self.root, known=known)]
        carry_out(Order(verb="vacuum", root=self.root))
        found = violations(self.root, known=known, is_vacuumed=True)
        outcome.anomalies += [f"after a vacuum: {violation}" for violation in found]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.kills.writers", description=__doc__)
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--grace", type=float, default=20.0, help="of vacuums (seconds)")
    parser.add_argument("--kill-every", type=float, help="kill a writer every so many seconds")
    parser.add_argument("--build", action="store_true", help="build the tables meanwhile")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where the lake is made (default: TMPDIR)")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="evallake-writers-", dir=asked.folder) as folder:
        sources = write_sources(Path(folder, "jobs"), jobs=3, versions=2)  # loads all kernels too
        rush = Rush(
            Path(folder), sources, seconds=asked.minutes * 60, grace=asked.grace, seed=asked.seed
        )
        outcome = rush.run(writers=asked.writers, kill_every=asked.kill_every, builds=asked.build)
    for line in outcome.lines():
        print(line)
    return 1 if outcome.anomalies else 0


if __name__ == "__main__":
    sys.exit(main())
