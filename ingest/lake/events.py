"""The events of the log, and their JSON: what a person reads in ``_log`` is what happened.

Event                          one file of the log, about one load
├── kind                       commit, hold, release, drop or restore
├── job_id, load_id            whom it is about; drop and restore name the load they found
├── at_utc, reason             when, by the writing machine's clock; why, where someone said so
└── load                       commit and hold only: everything known of the load
Vacuumed, Compacted            one file of the log, about many loads: housekeeping

Pure: text to values and back. Which state the events add up to is decided in `ingest.lake.fold`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from ingest.errors import LakeError
from ingest.lake.facts import LoadFacts as LoadFacts
from ingest.lake.facts import TableFiles as TableFiles
from ingest.lake.facts import count, facts_document, facts_of, identifier, text, texts

EVENT_VERSION = 1
HOUSEKEEPING_VERSION = 2
"""Of events that version 1 did not know: who knows version 1 alone says that it is too old."""

Kind = Literal["commit", "hold", "release", "drop", "restore"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_WITH_LOAD = ("commit", "hold")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened to one load."""

    event_id: str
    """ULID; tells a writer whose earlier try went through that this event is its own."""
    kind: Kind
    job_id: str
    load_id: str
    at_utc: datetime
    reason: str | None = None
    load: LoadFacts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vacuumed:
    """Files are about to be removed; written first, so that nobody counts on them any more."""

    event_id: str
    at_utc: datetime
    loads: tuple[str, ...]
    """Hidden loads that go, as far as they are hidden still."""
    strangers: tuple[str, ...]
    """Identifiers of loads and compactions that no event has told of: from here on none may."""
    replaced_before_utc: datetime
    """Files that compactions replaced before this go too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldedFile:
    """A file of a small table that stands in for the files of many loads."""

    table: str
    key: str
    rows: int
    bytes: int
    loads: tuple[str, ...]
    """The loads whose rows it holds, all of them that they have in this table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compacted:
    """Small tables' files were folded into one each, which is in place."""

    event_id: str
    at_utc: datetime
    compaction_id: str
    """ULID; stands in the names of its files."""
    files: tuple[FoldedFile, ...]


LogEvent = Event | Vacuumed | Compacted


def to_json(event: LogEvent) -> bytes:
    """The event as indented JSON, UTF-8."""
    at_utc = event.at_utc.astimezone(UTC).isoformat()
    document: dict[str, Any]
    if isinstance(event, Event):
        document = {
            "version": EVENT_VERSION,
            "event": event.kind,
            "event_id": event.event_id,
            "job_id": event.job_id,
            "load_id": event.load_id,
            "at_utc": at_utc,
        }
        if event.reason is not None:
            document["reason"] = event.reason
        if event.load is not None:
            document["load"] = facts_document(event.load)
    else:
        document = {
            "version": HOUSEKEEPING_VERSION,
            "event": "vacuum" if isinstance(event, Vacuumed) else "compact",
            "event_id": event.event_id,
            "at_utc": at_utc,
            **_housekeeping_document(event),
        }
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def from_json(content: bytes, *, key: str) -> LogEvent:
    """Inverse of `to_json`; LakeError naming `key` for anything that `to_json` did not write."""
    try:
        document = json.loads(content)
        version = document["version"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _damaged(key, "it is not an event") from error
    if version not in (EVENT_VERSION, HOUSEKEEPING_VERSION):
        raise LakeError(
            f"this event is of version {version!r}, known are {EVENT_VERSION} and"
            f" {HOUSEKEEPING_VERSION}",
            where=key,
            do="a newer Evallake wrote it: upgrade",
        )
    try:
        return _event(document) if version == EVENT_VERSION else _housekeeping(document)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(key, f"{type(error).__name__}: {error}") from error


def moment(document: Mapping[str, Any], name: str) -> datetime:
    """A member that has to be a time with its offset; in UTC."""
    value = datetime.fromisoformat(text(document, name))
    if value.tzinfo is None:
        raise ValueError(f"{name} has no UTC offset")
    return value.astimezone(UTC)


def _damaged(key: str, why: str) -> LakeError:
    return LakeError(
        f"the log is damaged here ({why})",
        where=key,
        do="restore this file from a backup; the lake is not read past a damaged event",
    )


def _event(document: Mapping[str, Any]) -> Event:
    kind = _kind(text(document, "event"))
    if (kind in _WITH_LOAD) != ("load" in document):
        raise ValueError(f"load belongs to {' and '.join(_WITH_LOAD)}, this is a {kind}")
    return Event(
        event_id=text(document, "event_id"),
        kind=kind,
        job_id=identifier(document, "job_id"),
        load_id=identifier(document, "load_id"),
        at_utc=moment(document, "at_utc"),
        reason=text(document, "reason") if "reason" in document else None,
        load=facts_of(document["load"]) if "load" in document else None,
    )


def _kind(name: str) -> Kind:
    for kind in KINDS:
        if kind == name:
            return kind
    raise ValueError(f"event {name!r} is not one of {', '.join(KINDS)}")


def _housekeeping_document(event: Vacuumed | Compacted) -> dict[str, Any]:
    if isinstance(event, Vacuumed):
        return {
            "loads": list(event.loads),
            "strangers": list(event.strangers),
            "replaced_before_utc": event.replaced_before_utc.astimezone(UTC).isoformat(),
        }
    return {
        "compaction_id": event.compaction_id,
        "files": [
            {
                "table": file.table,
                "key": file.key,
                "rows": file.rows,
                "bytes": file.bytes,
                "loads": list(file.loads),
            }
            for file in event.files
        ],
    }


def _housekeeping(document: Mapping[str, Any]) -> Vacuumed | Compacted:
    kind = text(document, "event")
    if kind == "vacuum":
        return Vacuumed(
            event_id=text(document, "event_id"),
            at_utc=moment(document, "at_utc"),
            loads=texts(document, "loads"),
            strangers=texts(document, "strangers"),
            replaced_before_utc=moment(document, "replaced_before_utc"),
        )
    if kind == "compact":
        return Compacted(
            event_id=text(document, "event_id"),
            at_utc=moment(document, "at_utc"),
            compaction_id=text(document, "compaction_id"),
            files=tuple(
                FoldedFile(
                    table=text(file, "table"),
                    key=text(file, "key"),
                    rows=count(file, "rows"),
                    bytes=count(file, "bytes"),
                    loads=texts(file, "loads"),
                )
                for file in document["files"]
            ),
        )
    raise ValueError(f"event {kind!r} is neither vacuum nor compact")
