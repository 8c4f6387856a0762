"""Verb after verb on one lake, most of them killed, and a look at every invariant after each.

Decides what is done next, when it is killed, and what may be seen afterwards: the state before or
the state after, of that job alone, and everything else as it was. Every few kills the verb is run
again and has to complete; then a vacuum without grace has to leave nothing that no load refers to.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ingest.errors import LakeError
from ingest.lake import Lake
from tests.fixtures.contents import Reading
from tests.fixtures.invariants import Known, violations
from tests.fixtures.violation import Kind, Violation
from tests.kills.forks import Answer, Forks
from tests.kills.jobs import Source, by_digest
from tests.kills.tracing import WRITES, Death, Instant
from tests.kills.verbs import VERBS, Order, Verb

_WEIGHTS: dict[Verb, int] = {
    "ingest": 6,
    "force": 3,
    "compact": 4,
    "vacuum": 4,
    "drop": 3,
    "restore": 5,
}
_INSTANTS: dict[Instant, int] = {
    "time": 4,
    "before a write": 3,
    "after a write": 3,
    "change on the disk": 4,
}
Stage = str
State = tuple[str | None, str | None]
"""Digests of the input of a job's visible load, and of its dropped one."""
States = dict[str, State]
_NOWHERE: State = (None, None)


@dataclass(slots=True)
class Tally:
    """What came of a campaign."""

    kills: Counter[tuple[Verb, Stage]] = field(default_factory=Counter)
    instants: Counter[Instant] = field(default_factory=Counter)
    survived: int = 0
    """Children that were done before their instant came (count)."""
    completed: int = 0
    """Verbs that were run again after a kill, to their end (count)."""
    vacuums: int = 0
    """Vacuums without grace that were followed by a look for waste (count)."""
    looks: int = 0
    """Looks at every invariant (count)."""
    found: list[Violation] = field(default_factory=list)

    @property
    def killed(self) -> int:
        return self.kills.total()

    def lines(self) -> Iterator[str]:
        """For people."""
        stages = sorted({stage for _, stage in self.kills})
        yield f"{'killed':<10}" + "".join(f"{stage:>26}" for stage in stages) + f"{'all':>7}"
        for verb in VERBS:
            counts = [self.kills[verb, stage] for stage in stages]
            yield f"{verb:<10}" + "".join(f"{n:>26}" for n in counts) + f"{sum(counts):>7}"
        instants = ", ".join(f"{name} {count}" for name, count in sorted(self.instants.items()))
        yield f"{self.killed} kills ({instants}); {self.survived} were done before their instant"
        yield (
            f"{self.looks} looks at every invariant, {self.completed} re-runs that completed,"
            f" {self.vacuums} vacuums without grace"
        )
        kinds = Counter(violation.kind for violation in self.found)
        yield (
            f"half-visible loads {kinds['half visible']}, lost rows {kinds['lost']},"
            f" wrong counts {kinds['wrong']}, waste that vacuum left {kinds['waste']}"
        )
        yield from self.found


class Campaign:
    """Kills on one lake."""

    def __init__(
        self,
        root: str,
        sources: Sequence[Source],
        forks: Forks,
        *,
        chance: random.Random,
        tally: Tally,
        verbs: Sequence[Verb] = VERBS,
    ) -> None:
        """
        Args:
            root: of a lake that is made by the first ingest.
            sources: what is ingested.
            forks: who does it.
            chance: decides everything that is left to it.
            tally: takes what comes of it.
            verbs: what is done.
        """
        self._root = root
        self._sources = list(sources)
        self._forks = forks
        self._chance = chance
        self._tally = tally
        self._verbs = list(verbs)
        self._reading = Reading()
        self._contents = by_digest(sources)
        self._committed: dict[str, str] = {}
        self._states: States = {}
        self._small_files = self._hidden = 0
        self._usual: dict[Verb, Answer] = {}

    def run(self, kills: int) -> None:
        """So many kills, and a complete run now and then."""
        wanted = self._tally.killed + kills
        while self._tally.killed < wanted:
            self._kill(self._order())

    def _order(self) -> Order:
        """What is done next, of what makes sense now."""
        shown = [job for job, (digest, _) in self._states.items() if digest is not None]
        dropped = [job for job, (_, digest) in self._states.items() if digest is not None]
        can = {"drop": bool(shown), "restore": bool(dropped), "force": bool(shown)}
        can |= {"compact": self._small_files > 1, "vacuum": self._hidden > 0}
        verbs = [verb for verb in self._verbs if can.get(verb, True)]
        verb = self._chance.choices(verbs, [_WEIGHTS[verb] for verb in verbs])[0]
        if verb in ("ingest", "force"):
            source = self._chance.choice(self._sources)
            return Order(
                verb=verb, root=self._root, job_id=source.job_id, source=str(source.folder)
            )
        jobs = {"drop": shown, "restore": dropped}.get(verb)
        job_id = self._chance.choice(sorted(jobs)) if jobs else ""
        return Order(verb=verb, root=self._root, job_id=job_id)

    def _kill(self, order: Order) -> None:
        """Do it, killed at some instant; look; every few times do it again, to its end."""
        answer = self._forks.carry_out(order, self._death(order.verb))
        self._expect(order, answer)
        if not answer.was_killed:
            self._tally.survived += 1
            self._remember(order.verb, answer)
            return
        self._tally.kills[order.verb, stage_of(answer)] += 1
        if self._chance.random() < 0.25:
            self._complete(order)
        if self._chance.random() < 0.1:
            self._vacuum()

    def _remember(self, verb: Verb, answer: Answer) -> None:
        """What this verb takes; runs that had nothing to do tell little."""
        usual = self._usual.get(verb)
        if answer.exit_code == 0 and (usual is None or answer.writes >= usual.writes // 2):
            self._usual[verb] = answer

    def _complete(self, order: Order) -> None:
        """The verb again, not killed: it completes, whatever was left."""
        answer = self._forks.carry_out(order)
        self._remember(order.verb, answer)
        self._tally.completed += 1
        self._expect(order, answer, is_complete=True)

    def _vacuum(self) -> None:
        """Nothing is left that no load refers to."""
        if not self._committed:
            return
        order = Order(verb="vacuum", root=self._root)
        answer = self._forks.carry_out(order)
        self._tally.vacuums += 1
        self._expect(order, answer, is_complete=True, is_vacuumed=True)

    def _death(self, verb: Verb) -> Death | None:
        """Some instant of what a run of this verb took the last time it was not killed."""
        usual = self._usual.get(verb)
        if usual is None:
            return None
        instants = list(_INSTANTS)
        if "://" in self._root:
            instants.remove("change on the disk")
        weights = [_INSTANTS[instant] for instant in instants]
        instant = self._chance.choices(instants, weights)[0]
        self._tally.instants[instant] += 1
        if instant == "time":
            return Death(instant, self._chance.uniform(0, usual.seconds))
        calls = usual.changes if instant == "change on the disk" else usual.writes
        return Death(instant, self._chance.randint(1, max(calls, 1)))

    def _expect(
        self,
        order: Order,
        answer: Answer,
        *,
        is_complete: bool = False,
        is_vacuumed: bool = False,
    ) -> None:
        """Note what is not as it must be after `answer`."""
        if answer.has_crashed:
            self._note("wrong", order, answer.said)
        elif is_complete and answer.exit_code not in (0, 3):
            self._note("wrong", order, f"did not complete: {answer.said}")
        before = self._states
        self._look(order, is_up_to_date=is_complete, is_vacuumed=is_vacuumed)
        for job_id in sorted({*before, *self._states}):
            was, is_ = before.get(job_id, _NOWHERE), self._states.get(job_id, _NOWHERE)
            allowed = self._allowed(order, was) if job_id == order.job_id else {was}
            if order.verb == "vacuum":
                allowed |= {(was[0], None)}  # dropped without grace
            elif answer.exit_code == 0 and len(allowed) > 1:
                allowed -= {was}
            if is_ not in allowed:
                self._note("wrong", order, f"job {job_id} was {was} and is {is_}")

    def _allowed(self, order: Order, was: State) -> set[State]:
        """How the job that an order is about may look afterwards."""
        if order.verb in ("ingest", "force"):
            (source,) = (s for s in self._sources if str(s.folder) == order.source)
            return {was, (source.input_digest, None)}
        if order.verb == "drop":
            return {was, (None, was[0])} if was[0] else {was}
        return {was, (was[1], None)} if was[1] else {was}

    def _look(self, order: Order, *, is_up_to_date: bool, is_vacuumed: bool) -> None:
        """Note what a fresh reader finds broken, and remember what it sees."""
        self._tally.looks += 1
        try:
            loads = Lake.open(self._root).loads()
        except LakeError as error:
            if self._committed:
                self._note("lost", order, str(error))
            return  # not made yet
        known = Known(committed=self._committed, contents=self._contents)
        for violation in violations(
            self._root,
            known=known,
            is_up_to_date=is_up_to_date,
            is_vacuumed=is_vacuumed,
            reading=self._reading,
        ):
            self._note(violation.kind, order, violation)
        self._small_files = len({key for load in loads for key in load.keys if "jobs/" in key})
        self._hidden = sum(load.state in ("superseded", "dropped") for load in loads)
        self._committed |= {load.load_id: load.job_id for load in loads}
        self._states = {
            load.job_id: (load.facts.input_digest, None)
            if load.state == "current"
            else (None, load.facts.input_digest)
            for load in loads
            if load.state in ("current", "dropped")
        }

    def _note(self, kind: Kind, order: Order, line: str) -> None:
        said = f"kill {self._tally.killed}, {order.verb} {order.job_id}: {line}"
        self._tally.found.append(Violation(kind, said))


def stage_of(answer: Answer) -> Stage:
    """How far a killed child had come: its event is what makes its work count."""
    calls = answer.store_calls
    if any(call.startswith("< create _log/") for call in calls):
        return "after its event"
    if any(call.startswith("> create _log/") for call in calls):
        return "while writing its event"
    if any(call.split()[1] in WRITES for call in calls):
        return "after its first write"
    return "before its first write"
