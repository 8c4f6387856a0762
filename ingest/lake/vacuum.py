"""Removing what no load needs any more, in an order that nothing can be lost by.

    look at the log -> list the files -> event `vacuum` -> look at the log -> catalogue -> files

What goes, when it has been needless for longer than the grace time:

* files of superseded and dropped loads; held ones stay, somebody is to decide about them;
* files of loads and compactions that no event tells of: their writers were killed;
* files that a compaction replaced;
* what writers keep beside the lake while they work: private folders, unfinished uploads.

The event comes first: from it on a load is `vacuumed` and cannot be restored, and what no event
told of cannot be committed any more. Whoever restored or committed before it is seen in the second
look, and keeps everything. So the order of the log decides, and the grace time only spares those
who read or write without the log. A vacuum that was killed leaves files of vacuumed loads, which
the next one takes without asking about time. Nothing else in the lake is touched: neither the log,
nor snapshots and schema files, nor what this version of the registry does not know.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from ingest.lake.catalogue import Catalogue
from ingest.lake.events import Vacuumed
from ingest.lake.fold import Folding
from ingest.lake.lake import Lake
from ingest.lake.layout import Owner, owner
from ingest.lake.store import Leftover, Store, StoredObject
from ingest.lake.ulid import made_at
from ingest.parallel import each
from ingest.tables import DATA_TABLES, Table

log = logging.getLogger(__name__)

DEFAULT_GRACE = timedelta(hours=24)
"""Longer than the longest build and the longest ingest."""
_REMOVED_AT_ONCE = 1000

Reason = Literal["hidden", "uncommitted", "replaced"]
"""Why files go: their load is superseded or dropped; no event tells of who wrote them; or their
rows are in a file that a compaction wrote."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waste:
    """Files of one writer, a load or a compaction, that nobody needs."""

    identifier: str
    job_id: str | None
    """Of the load. Null for a compaction, and where nobody knows."""
    reason: Reason
    keys: tuple[str, ...]
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VacuumResult:
    """What a vacuum removed, or would have."""

    is_dry_run: bool
    waste: tuple[Waste, ...]
    leftovers: tuple[Leftover, ...]
    kept: tuple[str, ...]
    """Writers whose files were waste at the first look and are not any more: restored, or
    committed, meanwhile."""

    @property
    def files(self) -> int:
        """Files of the lake (count), leftovers besides."""
        return sum(len(waste.keys) for waste in self.waste)

    @property
    def bytes(self) -> int:
        """Their size, with that of leftovers as far as it is known."""
        left = sum(leftover.bytes or 0 for leftover in self.leftovers)
        return left + sum(waste.bytes for waste in self.waste)


def _unwatched(_done: int, _of: int) -> None:
    """Nobody watches."""


def vacuum(
    lake: Lake,
    *,
    now: datetime,
    grace: timedelta = DEFAULT_GRACE,
    dry_run: bool = False,
    catalogue: Catalogue | None = None,
    progress: Progress = _unwatched,
) -> VacuumResult:
    """Remove what has been needless for longer than `grace`.

    Args:
        lake: any number of writers and readers may be at work on it.
        now: aware.
        grace: longer than the longest build and the longest ingest. A shorter one cannot make
            half of a load visible, but it can make a build fail and an ingest lose its work.
        dry_run: only say what would go.
        catalogue: forgets the loads before their files go; None where readers look into folders.
        progress: told of files removed and files in all.

    Raises StoreError where store or catalogue refuses; the next vacuum goes on.
    """
    # Whoever hid a load or wrote a file had another clock: hours of grace make up for that.
    before = now.astimezone(UTC) - grace
    folding = lake.folding()
    needed = folding.needed()
    hidden = _hidden_before(folding, before)
    files = _files(lake.store)
    waste = _waste(files, folding, gone=hidden, before=before)
    leftovers = tuple(one for one in lake.store.leftovers() if one.touched_at_utc < before)
    if dry_run:
        return VacuumResult(is_dry_run=True, waste=waste, leftovers=leftovers, kept=())
    # First: on a full disk they may be what leaves no room for an event.
    each(lake.store.remove_leftover, leftovers, at_once=lake.store.at_once)
    strangers = {one.identifier for one in waste if one.reason == "uncommitted"} - folding.banned
    if hidden or strangers or any(since < before for since in folding.replaced.values()):
        lake.append(
            Vacuumed(
                event_id=lake.new_load_id(),
                at_utc=now,
                loads=tuple(hidden),
                strangers=tuple(sorted(strangers)),
                replaced_before_utc=before,
            )
        )
        folding = lake.folding()
    still_needed = folding.needed()
    given_up = folding.banned | set(_vacuumed(folding))
    going = tuple(
        one
        for one in waste
        if (one.reason == "replaced" or one.identifier in given_up)
        and still_needed.isdisjoint(one.keys)
    )
    emptied = needed - still_needed - set(folding.replaced)
    going += _emptied(files, emptied.difference(*(one.keys for one in going)))
    # Before anything goes: a writer that was killed may have left one that shows hidden loads.
    lake.refresh_snapshots(only_if_stale=True)
    if catalogue is not None:
        _forget(catalogue, going)
    keys = [key for one in going for key in one.keys]
    for start in range(0, len(keys), _REMOVED_AT_ONCE):
        progress(start, len(keys))
        lake.store.delete_all(keys[start : start + _REMOVED_AT_ONCE])
    progress(len(keys), len(keys))
    kept = tuple(one.identifier for one in waste if one not in going)
    facts = {"lake": lake.root, "files": len(keys), "leftovers": len(leftovers), "kept": len(kept)}
    log.info("waste is removed", extra=facts)
    return VacuumResult(is_dry_run=False, waste=going, leftovers=leftovers, kept=kept)


@dataclass(frozen=True, slots=True)
class _File:
    """An object of a table, and who wrote it."""

    table: str
    owner: Owner
    stored: StoredObject


def _files(store: Store) -> list[_File]:
    """Every file that a load or a compaction wrote into a table of this registry."""

    def of_table(table: Table) -> list[_File]:
        listed = store.listed(f"{table.name}/")
        owners = [owner(table, stored.key) for stored in listed]
        return [
            _File(table.name, writer, stored)
            for writer, stored in zip(owners, listed, strict=True)
            if writer is not None
        ]

    return [file for found in each(of_table, DATA_TABLES, at_once=store.at_once) for file in found]


def _hidden_before(folding: Folding, before: datetime) -> list[str]:
    """Loads that have been superseded or dropped since longer."""
    return [
        load.load_id
        for load in folding.loads.values()
        if load.state in ("superseded", "dropped")
        and load.hidden_at_utc is not None
        and load.hidden_at_utc < before
    ]


def _vacuumed(folding: Folding) -> list[str]:
    return [load.load_id for load in folding.loads.values() if load.state == "vacuumed"]


def _waste(
    files: Iterable[_File], folding: Folding, *, gone: Iterable[str], before: datetime
) -> tuple[Waste, ...]:
    """What goes as the log stands, by writer.

    Args:
        files: of the lake.
        folding: the log.
        gone: loads that go besides those that are vacuumed already.
        before: what became needless before goes.
    """
    hidden = {*gone, *_vacuumed(folding)}
    needed = folding.needed()
    written: defaultdict[str, list[_File]] = defaultdict(list)
    for file in files:
        written[file.owner.identifier].append(file)
    waste = []
    for identifier, own in sorted(written.items()):
        load = folding.loads.get(identifier)
        reason: Reason
        if identifier in hidden:
            reason, going = "hidden", own
        elif load is None and not any(_is_known(file, needed, folding) for file in own):
            is_dead = identifier in folding.banned or _is_old(identifier, own, before)
            reason, going = "uncommitted", own if is_dead else []
        else:
            unneeded = [file for file in own if file.stored.key not in needed]
            reason = "replaced"
            going = [file for file in unneeded if _is_replaced(file, folding, before)]
        if going:
            job_id = load.job_id if load else _job_of(going)
            waste.append(_as_waste(identifier, job_id, reason, going))
    return tuple(waste)


def _job_of(files: Iterable[_File]) -> str | None:
    """The job that a path among them names."""
    return next((f.owner.job_id for f in files if f.owner.job_id is not None), None)


def _is_known(file: _File, needed: Collection[str], folding: Folding) -> bool:
    """Whether an event told of this file of a compaction."""
    return file.stored.key in needed or file.stored.key in folding.replaced


def _is_old(identifier: str, own: Iterable[_File], before: datetime) -> bool:
    """Whether a writer that no event tells of began, and last wrote, longer ago.

    Its youngest file counts: whoever wrote that may be about to write the next one.
    """
    began = made_at(identifier)
    return began is not None and max(began, *(f.stored.modified_at_utc for f in own)) < before


def _is_replaced(file: _File, folding: Folding, before: datetime) -> bool:
    """Whether what is not needed any more has been so for long; of forgotten ones, its age tells."""
    return folding.replaced.get(file.stored.key, file.stored.modified_at_utc) < before


def _emptied(files: Iterable[_File], keys: Collection[str]) -> tuple[Waste, ...]:
    """Files of compactions of whose loads the last one has just been vacuumed."""
    return tuple(
        _as_waste(file.owner.identifier, None, "replaced", [file])
        for file in files
        if file.stored.key in keys
    )


def _as_waste(
    identifier: str, job_id: str | None, reason: Reason, files: Collection[_File]
) -> Waste:
    return Waste(
        identifier=identifier,
        job_id=job_id,
        reason=reason,
        keys=tuple(file.stored.key for file in files),
        bytes=sum(file.stored.bytes for file in files),
    )


def _forget(catalogue: Catalogue, going: Iterable[Waste]) -> None:
    """Have the catalogue forget loads whose files are about to go."""
    whole = [one for one in going if one.reason != "replaced"]
    loads = [(one.job_id, one.identifier) for one in whole if one.job_id is not None]
    tables = {key.partition("/")[0] for one in whole for key in one.keys}
    if loads:
        catalogue.forget_loads(loads, tables=sorted(tables))
