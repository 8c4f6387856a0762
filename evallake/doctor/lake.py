"""The lake: is there one, can it be read and written, and does it say the same everywhere?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from secrets import token_hex

from evallake.config import Config
from evallake.doctor.verdicts import OK, WARN, Finding, refused
from ingest.errors import IngestError, LakeError, StoreError
from ingest.lake import Lake
from ingest.lake.fold import Folding
from ingest.lake.schema_files import outdated_schema_files
from ingest.lake.snapshots import snapshot_sequence
from ingest.lake.vacuum import vacuum

_ABSENT = "there is no lake here"
_MUCH_WASTE = 1 << 30
"""Bytes that nobody needs from which on it is worth a word."""
_SHOWN = 3


def look_at_lake(
    config: Config, *, now: Callable[[], datetime], may_write: bool
) -> tuple[Lake | None, list[Finding]]:
    """The lake where it can be read, and what was found.

    Args:
        config: says where it is.
        now: the clock, aware.
        may_write: whether to put an object there and remove it.
    """
    try:
        lake = Lake.open(config.root)
    except LakeError as error:
        is_new = error.what == _ABSENT
        return None, [refused("lake", error, verdict=WARN) if is_new else refused("lake", error)]
    except IngestError as error:
        return None, [refused("lake", error)]
    findings = [Finding("lake", OK, lake.root)]
    if may_write:
        findings.append(_writing(lake))
    try:
        folding = lake.folding()
    except StoreError as error:
        return None, [*findings, refused("log", error)]
    findings += _looks(lake, folding, now=now)
    return lake, findings


def _writing(lake: Lake) -> Finding:
    """Whether an object can be made there, and removed."""
    key = f"_staging/doctor-{token_hex(8)}"
    try:
        lake.store.create(key, b"")
        lake.store.delete(key)
    except StoreError as error:
        told = refused("writing", error)
        do = f"{told.do}; whoever only asks need not write: evallake doctor --read-only"
        return Finding(told.check, told.verdict, told.told, do)
    return Finding("writing", OK, "an object was made and removed")


def _looks(lake: Lake, folding: Folding, *, now: Callable[[], datetime]) -> Iterator[Finding]:
    loads = list(folding.loads.values())
    states = [load.state for load in loads]
    yield Finding(
        "log",
        OK,
        f"{folding.sequence:,} events, {states.count('current'):,} visible jobs,"
        f" {len(loads):,} loads in all",
    )
    yield _refusable("snapshots", lambda: _snapshots(lake, folding))
    yield _refusable("schema files", lambda: _schema_files(lake))
    held = [load.job_id for load in loads if load.state == "held"]
    if held:
        named = ", ".join(held[:_SHOWN]) + (" and others" if len(held) > _SHOWN else "")
        yield Finding(
            "held loads",
            WARN,
            f"{len(held):,} loads that nobody sees: {named}",
            "see why with evallake show JOB; let it in with evallake release JOB --reason TEXT",
        )
    else:
        yield Finding("held loads", OK, "none")
    yield _refusable("waste", lambda: _waste(lake, now=now()))


def _refusable(check: str, look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except StoreError as error:
        return refused(check, error)


def _snapshots(lake: Lake, folding: Folding) -> Finding:
    sequence = snapshot_sequence(lake.store)
    if sequence == folding.sequence:
        return Finding("snapshots", OK, f"loads and current_loads are of event {sequence:,}")
    of = "missing or damaged" if sequence is None else f"of event {sequence:,}"
    return Finding(
        "snapshots",
        WARN,
        f"loads and current_loads are {of}, the log is at {folding.sequence:,}",
        "the next ingest or build writes them, and evallake register does",
    )


def _schema_files(lake: Lake) -> Finding:
    outdated = outdated_schema_files(lake.store)
    if not outdated:
        return Finding("schema files", OK, "every table has all columns of this version")
    return Finding(
        "schema files",
        WARN,
        f"an earlier version wrote those of {', '.join(outdated)}",
        "the next ingest or build brings them up to date",
    )


def _waste(lake: Lake, *, now: datetime) -> Finding:
    """What a vacuum would remove."""
    found = vacuum(lake, now=now, dry_run=True)
    if not found.files and not found.leftovers:
        return Finding("waste", OK, "no file that no load needs")
    told = (
        f"{found.files:,} files that no load needs and {len(found.leftovers):,} leftovers of"
        f" writers, {found.bytes / 1e6:,.1f} MB"
    )
    if found.bytes < _MUCH_WASTE:
        return Finding("waste", OK, told)
    return Finding("waste", WARN, told, "evallake vacuum --dry-run lists them, without it they go")
