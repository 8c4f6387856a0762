"""What the events of the log add up to: the state of every load. Pure.

A job's head is the load that was last committed or released. Of a job's loads

* the head is ``current``, or ``dropped`` while the job is dropped;
* one that was held and never released is ``held``;
* every other one is ``superseded``.

A commit or release makes a dropped job visible again. An event that changes nothing (dropping
what is dropped, releasing what is not held) is allowed: two people may do the same thing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from ingest.lake.events import Event, LoadFacts

State = Literal["current", "superseded", "dropped", "held"]


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
    """Since when it is superseded or dropped, by the clock of who did it. Null for other states."""

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the lake tables that it has files in."""
        return tuple(files.table for files in self.facts.tables if files.keys)


def fold(events: Iterable[tuple[int, Event]]) -> tuple[Load, ...]:
    """Every load with its state, in the order of the log.

    Args:
        events: sequence number and event, ascending.
    """
    loads: dict[str, Load] = {}
    heads: dict[str, str] = {}  # job_id -> load_id
    for sequence, event in events:
        job_id = event.job_id
        if event.kind in ("commit", "hold"):
            if event.load is None or event.load_id in loads:
                continue  # a second copy of an event that went through already
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
            _make_head(loads, heads, event)
        elif event.kind == "release":
            load = loads.get(event.load_id)
            if load is not None and load.state == "held" and load.job_id == job_id:
                _make_head(loads, heads, event)
        elif event.kind == "drop" and job_id in heads:
            head = loads[heads[job_id]]
            loads[head.load_id] = _hidden(head, "dropped", event, reason=event.reason)
        elif event.kind == "restore" and job_id in heads:
            head = loads[heads[job_id]]
            loads[head.load_id] = replace(
                head, state="current", reason=event.reason, hidden_at_utc=None
            )
    return tuple(loads.values())


def _make_head(loads: dict[str, Load], heads: dict[str, str], event: Event) -> None:
    previous = heads.get(event.job_id)
    if previous is not None:
        head = loads[previous]
        loads[previous] = _hidden(head, "superseded", event, reason=head.reason)
    loads[event.load_id] = replace(
        loads[event.load_id],
        state="current",
        committed_at_utc=event.at_utc,
        reason=event.reason,
        hidden_at_utc=None,
    )
    heads[event.job_id] = event.load_id


def _hidden(load: Load, state: State, event: Event, *, reason: str | None) -> Load:
    """`load` out of sight; one that was so already has been since then."""
    since = load.hidden_at_utc or event.at_utc
    return replace(load, state=state, reason=reason, hidden_at_utc=since)


def current(loads: Iterable[Load]) -> Mapping[str, Load]:
    """The visible load of each job that has one, by job id."""
    return {load.job_id: load for load in loads if load.state == "current"}
