"""A checkpoint of the log: what its events add up to so far, in one object.

Opening a lake reads it and the events after it, instead of every event. It is no more than a
shortcut: events are never removed, so a checkpoint that is damaged, of another version, or not of
this log is passed over and the events are read. Two processes may write one at once, and the
older may stay: then a few more events are read.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, get_args

from ingest.errors import LakeError
from ingest.lake.events import from_json, moment
from ingest.lake.facts import count, facts_document, facts_of, identifier, text, texts
from ingest.lake.fold import Folding, Load, State
from ingest.lake.layout import CHECKPOINT, event_key
from ingest.lake.store import Store

CHECKPOINT_VERSION = 1
"""Of what is in it and of the rules that it was folded by: another one is passed over."""
EVENTS_BETWEEN = 256
"""Events after a checkpoint that make the next one worthwhile (count)."""

_DAMAGE = (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError, AttributeError)
"""What unpacking and reading raise for bytes that `write_checkpoint` did not write."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The sum of the first events of a log."""

    folding: Folding
    event_id: str
    """Of the last event that is in it: tells whether it is of this log."""


def write_checkpoint(store: Store, checkpoint: Checkpoint) -> int:
    """Put it in place of the one before; its size (bytes)."""
    folding = checkpoint.folding
    head = {
        "version": CHECKPOINT_VERSION,
        "sequence": folding.sequence,
        "event_id": checkpoint.event_id,
        "banned": sorted(folding.banned),
        "replaced": {key: since.isoformat() for key, since in folding.replaced.items()},
    }
    # A load a line: thousands of them as one document would take Python twice as long to read.
    lines = [head, *(_load_document(load) for load in folding.loads.values())]
    content = b"\n".join(
        json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() for line in lines
    )
    packed = gzip.compress(content, compresslevel=1, mtime=0)
    store.replace(CHECKPOINT, packed)
    return len(packed)


def read_checkpoint(store: Store) -> Checkpoint | None:
    """The lake's checkpoint; None where there is none that can be believed.

    Raises StoreError where the store refuses.
    """
    if not store.exists(CHECKPOINT):
        return None
    content = store.read(CHECKPOINT)
    try:
        first, *lines = gzip.decompress(content).split(b"\n")
        head = json.loads(first)
        if head["version"] != CHECKPOINT_VERSION:
            return None
        checkpoint = Checkpoint(_folding(head, lines), text(head, "event_id"))
    except _DAMAGE:
        return None
    return checkpoint if _is_of_this_log(store, checkpoint) else None


def _is_of_this_log(store: Store, checkpoint: Checkpoint) -> bool:
    """Whether the log's event of that number is the one that was folded: backups come back."""
    key = event_key(checkpoint.folding.sequence)
    if not store.exists(key):
        return False
    try:
        return from_json(store.read(key), key=key).event_id == checkpoint.event_id
    except LakeError:
        return False  # reading the events will name it


def _load_document(load: Load) -> dict[str, Any]:
    return {
        "job_id": load.job_id,
        "load_id": load.load_id,
        "state": load.state,
        "sequence": load.sequence,
        "committed_at_utc": _iso(load.committed_at_utc),
        "hidden_at_utc": _iso(load.hidden_at_utc),
        "reason": load.reason,
        "load": facts_document(load.facts),
    }


def _iso(when: datetime | None) -> str | None:
    return None if when is None else when.astimezone(UTC).isoformat()


def _folding(document: Mapping[str, Any], lines: Iterable[bytes]) -> Folding:
    loads = [_load(json.loads(line)) for line in lines]
    return Folding(
        sequence=count(document, "sequence"),
        loads={load.load_id: load for load in loads},
        heads={load.job_id: load.load_id for load in loads if load.state in ("current", "dropped")},
        held={load.job_id: load.load_id for load in loads if load.state == "held"},
        banned=set(texts(document, "banned")),
        replaced={key: moment(document["replaced"], key) for key in document["replaced"]},
    )


def _load(document: Mapping[str, Any]) -> Load:
    return Load(
        job_id=identifier(document, "job_id"),
        load_id=identifier(document, "load_id"),
        state=_state(text(document, "state")),
        sequence=count(document, "sequence"),
        committed_at_utc=_moment(document, "committed_at_utc"),
        reason=None if document["reason"] is None else text(document, "reason"),
        facts=facts_of(document["load"]),
        hidden_at_utc=_moment(document, "hidden_at_utc"),
    )


def _moment(document: Mapping[str, Any], name: str) -> datetime | None:
    return None if document[name] is None else moment(document, name)


def _state(name: str) -> State:
    for state in get_args(State):
        if state == name:
            return state  # type: ignore[no-any-return]
    raise ValueError(f"{name!r} is no state")
