"""What the events of the log add up to: the state of every load, and which files count. Pure.

A job's head is the load that was last committed or released. Of a job's loads

* the head is ``current``, or ``dropped`` while the job is dropped;
* one that was held and not released is ``held``, until a later load of the job is held or
  committed: what was landed last is what counts;
* one whose files a vacuum removed is ``vacuumed``, for ever;
* every other one is ``superseded``.

A commit or release makes a dropped job visible again. An event that changes nothing (dropping
what is dropped, vacuuming what was restored before) is allowed: two people may act at once, and
the order of their events decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from ingest.lake.events import Compacted, Event, FoldedFile, LoadFacts, LogEvent, Vacuumed

State = Literal["current", "superseded", "dropped", "held", "vacuumed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One load and the state it is in."""

    job_id: str
    load_id: str
    state: State
    sequence: int
    """Number in the log of the commit or hold that brought it."""
    committed_at_utc: datetime | None
    """When it became visible, by the ingesting machine's clock. Null while it is held."""
    reason: str | None
    """Why it was held, released or dropped. Null where nobody said."""
    facts: LoadFacts
    hidden_at_utc: datetime | None = None
    """Since when it is superseded, dropped or vacuumed, by the clock of who hid it. Null for
    other states."""

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the lake tables that it has files in."""
        return tuple(files.table for files in self.facts.tables if files.keys)

    @property
    def keys(self) -> tuple[str, ...]:
        """The files that its rows are in; none once it is vacuumed."""
        return tuple(key for files in self.facts.tables for key in files.keys)


@dataclass(slots=True)
class Folding:
    """The sum of the events so far; `add` brings the next one in."""

    sequence: int = 0
    """Number of the last event."""
    loads: dict[str, Load] = field(default_factory=dict)
    """By load id, in the order of the log."""
    heads: dict[str, str] = field(default_factory=dict)
    """Load id of the head of each job that has one."""
    held: dict[str, str] = field(default_factory=dict)
    """Load id of the held load of each job that has one."""
    banned: set[str] = field(default_factory=set)
    """Identifiers that a vacuum found files of and no event: none may come any more."""
    replaced: dict[str, datetime] = field(default_factory=dict)
    """Files that a compaction replaced, and since when nobody new reads them."""

    def add(self, sequence: int, event: LogEvent) -> None:
        """Bring in one event; they come in the order of the log."""
        self.sequence = sequence
        if isinstance(event, Event):
            self._of_load(sequence, event)
        elif isinstance(event, Vacuumed):
            self._vacuumed(event)
        else:
            self._compacted(event)

    def needed(self) -> set[str]:
        """The files that rows of loads are in, be they visible, held or hidden."""
        return {key for load in self.loads.values() for key in load.keys}

    def _of_load(self, sequence: int, event: Event) -> None:
        loads, heads, job_id = self.loads, self.heads, event.job_id
        if event.kind in ("commit", "hold"):
            if event.load is None or event.load_id in loads or event.load_id in self.banned:
                return  # a second copy of what went through already, or its files are gone
            self._supersede(self.held.pop(job_id, None), event)
            self.held[job_id] = event.load_id
            loads[event.load_id] = Load(
                job_id=job_id,
                load_id=event.load_id,
                state="held",
                sequence=sequence,
                committed_at_utc=None,
                reason=event.reason,
                facts=event.load,
            )
        if event.kind == "commit":
            self._make_head(event)
        elif event.kind == "release":
            load = loads.get(event.load_id)
            if load is not None and load.state == "held" and load.job_id == job_id:
                self._make_head(event)
        elif event.kind == "drop" and job_id in heads:
            head = loads[heads[job_id]]
            loads[head.load_id] = _hidden(head, "dropped", event, reason=event.reason)
        elif event.kind == "restore" and job_id in heads:
            head = loads[heads[job_id]]
            loads[head.load_id] = replace(
                head, state="current", reason=event.reason, hidden_at_utc=None
            )

    def _make_head(self, event: Event) -> None:
        self._supersede(self.heads.get(event.job_id), event)
        del self.held[event.job_id]
        self.loads[event.load_id] = replace(
            self.loads[event.load_id],
            state="current",
            committed_at_utc=event.at_utc,
            reason=event.reason,
            hidden_at_utc=None,
        )
        self.heads[event.job_id] = event.load_id

    def _supersede(self, load_id: str | None, event: Event) -> None:
        if load_id is not None:
            load = self.loads[load_id]
            self.loads[load_id] = _hidden(load, "superseded", event, reason=load.reason)

    def _vacuumed(self, event: Vacuumed) -> None:
        """Hidden loads lose their files; what came back before this event keeps them."""
        for load_id in event.loads:
            load = self.loads.get(load_id)
            if load is None or load.state not in ("superseded", "dropped"):
                continue
            if self.heads.get(load.job_id) == load_id:
                del self.heads[load.job_id]
            tables = tuple(replace(files, keys=()) for files in load.facts.tables)
            self.loads[load_id] = replace(
                load, state="vacuumed", facts=replace(load.facts, tables=tables)
            )
        self.banned.update(set(event.strangers) - set(self.loads))
        self.replaced = {
            key: since for key, since in self.replaced.items() if since >= event.replaced_before_utc
        }

    def _compacted(self, event: Compacted) -> None:
        """Loads that have their files still are found in the folded ones from now on."""
        if event.compaction_id in self.banned:
            return
        for file in event.files:
            before: set[str] = set()
            for load_id in file.loads:
                load = self.loads.get(load_id)
                if load is None or file.table not in load.tables:
                    continue
                before.update(*(f.keys for f in load.facts.tables if f.table == file.table))
                self.loads[load_id] = _refiled(load, file)
            self.replaced.update(dict.fromkeys(sorted(before - self.needed()), event.at_utc))


def fold(events: Iterable[tuple[int, LogEvent]]) -> tuple[Load, ...]:
    """Every load with its state, in the order of the log.

    Args:
        events: sequence number and event, ascending.
    """
    folding = Folding()
    for sequence, event in events:
        folding.add(sequence, event)
    return tuple(folding.loads.values())


def _hidden(load: Load, state: State, event: Event, *, reason: str | None) -> Load:
    """`load` out of sight; one that was so already has been since then."""
    since = load.hidden_at_utc or event.at_utc
    return replace(load, state=state, reason=reason, hidden_at_utc=since)


def _refiled(load: Load, file: FoldedFile) -> Load:
    """`load` with its rows of one table in `file`."""
    tables = tuple(
        replace(files, keys=(file.key,)) if files.table == file.table else files
        for files in load.facts.tables
    )
    return replace(load, facts=replace(load.facts, tables=tables))


def current(loads: Iterable[Load]) -> Mapping[str, Load]:
    """The visible load of each job that has one, by job id."""
    return {load.job_id: load for load in loads if load.state == "current"}
