"""A lake: open it, see its loads, hide and show jobs, and commit what was landed.

Ties store, log, fold and snapshots together. How rows become files is `ingest.lake.parquet`'s
matter; reading, building and deciding what to land is `ingest.landing`'s.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from ingest.errors import IdentityError, LakeError, StoreError, UnknownJobError
from ingest.lake.address import layout_of, store_at
from ingest.lake.catalogue import Catalogue
from ingest.lake.checkpoints import EVENTS_BETWEEN, Checkpoint, read_checkpoint, write_checkpoint
from ingest.lake.events import Event, Kind, LoadFacts, LogEvent
from ingest.lake.fold import Folding, Load, current
from ingest.lake.layout import LAYOUT_VERSION, LOG, MARKER
from ingest.lake.log import Log
from ingest.lake.schema_files import write_schema_files
from ingest.lake.snapshots import snapshot_sequence, write_snapshots
from ingest.lake.store import Store
from ingest.lake.ulid import UlidGenerator

_SNAPSHOT_TRIES = 20


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Lake:
    """One lake on one store.

    Not shared between threads; any number of processes may work on the same lake.
    """

    def __init__(self, store: Store, *, now: Callable[[], datetime] = _utc_now) -> None:
        """
        Args:
            store: where the lake's files are; see `Lake.open` for an address instead.
            now: the clock, for the times and identifiers of events; aware.
        """
        self._store = store
        self._log: Log | None = None
        self._folding = Folding()
        self._folded_from = 0
        self._event_id = ""
        self._now = now
        self._ulids = UlidGenerator(now)

    @classmethod
    def open(
        cls, root: str, *, create: bool = False, now: Callable[[], datetime] = _utc_now
    ) -> Lake:
        """The lake at `root`, a folder's path, a ``file://`` or an ``s3://bucket/prefix`` address.

        On S3, what is written is encrypted with the key that EVALLAKE_S3_KMS_KEY_ID names, where
        it is set.

        Args:
            create: make the lake if it is not there, and give tables that a newer version
                knows their schema files.

        Raises:
            LakeError: no lake there, one of a later layout, or an address of another kind.
        """
        lake = cls(store_at(root), now=now)
        lake._check_marker(create=create)
        return lake

    @property
    def root(self) -> str:
        """Absolute path, or URI with a scheme."""
        return self._store.root

    @property
    def store(self) -> Store:
        """Where the files are."""
        return self._store

    def loads(self) -> tuple[Load, ...]:
        """Every load with its state, oldest first."""
        return tuple(self.folding().loads.values())

    def folding(self) -> Folding:
        """What the log adds up to now: not to be changed, and it grows with the next look."""
        log = self._opened_log()
        log.events()
        return self._fold_known(log)

    def current(self) -> dict[str, Load]:
        """The visible load of each job that has one, by job id."""
        return dict(current(self.loads()))

    def new_load_id(self) -> str:
        """An identifier for a load to be written; sorts after all before it."""
        return self._ulids.new()

    def commit(
        self, job_id: str, load_id: str, facts: LoadFacts, *, beside_twin: bool = True
    ) -> None:
        """Make a load whose files are in place visible, in all tables at once.

        Args:
            job_id: the load's job.
            load_id: the load.
            facts: everything known of it.
            beside_twin: whether another job may show or hold a load of the same input.

        Raises:
            IdentityError: another job does, and may not; the load does not count.
            LakeError: a vacuum took the files for waste; the load does not count.
        """
        unless = None if beside_twin else partial(self._refuse_twin, job_id, facts)
        self._append("commit", job_id, load_id, facts=facts, unless=unless)
        self._refuse_banned(job_id, load_id)

    def hold(
        self,
        job_id: str,
        load_id: str,
        facts: LoadFacts,
        *,
        reason: str,
        beside_twin: bool = True,
    ) -> None:
        """Keep a load whose files are in place, without showing it; arguments as of `commit`."""
        unless = None if beside_twin else partial(self._refuse_twin, job_id, facts)
        self._append("hold", job_id, load_id, facts=facts, reason=reason, unless=unless)
        self._refuse_banned(job_id, load_id)

    def drop(self, job_id: str, *, reason: str | None = None) -> Load:
        """Hide a job; its files stay until vacuum. The load that was hidden.

        Raises UnknownJobError where the job is not visible.
        """
        load = self._of_job(job_id, "current")
        self._append("drop", job_id, load.load_id, reason=reason)
        self.refresh_snapshots()
        return load

    def restore(
        self, job_id: str, *, reason: str | None = None, catalogue: Catalogue | None = None
    ) -> Load:
        """Show a dropped job again. The load that came back.

        Args:
            job_id: a dropped job.
            reason: why, for people who read the log.
            catalogue: where its files must be found again; it may have forgotten them.

        Raises:
            UnknownJobError: the job is not dropped, or its files are gone.
            IdentityError: its files were meanwhile ingested under another job id.
        """
        load = self._of_job(job_id, "dropped")
        tables = load.tables
        unless = partial(self._refuse_twin, job_id, load.facts)
        unless()
        if catalogue is not None:
            catalogue.register_load(job_id, load.load_id, tables=tables)
        self._append("restore", job_id, load.load_id, reason=reason, unless=unless)
        if catalogue is not None:
            # Again: somebody who saw it dropped may have been tidying up in between.
            catalogue.register_load(job_id, load.load_id, tables=tables)
        self.refresh_snapshots()
        shown = self.current().get(job_id)
        if shown is None:  # others were quicker: the order of the log decides
            load = self.folding().loads[load.load_id]
            if catalogue is not None and load.state == "vacuumed":
                catalogue.forget_load(job_id, load.load_id, tables=tables)
            what = f"job {job_id!r} was {load.state} by somebody else meanwhile"
            raise UnknownJobError(what, where=self.root, do=_what_to_do(load.state))
        return shown

    def release(self, job_id: str, *, reason: str) -> Load:
        """Show the newest held load of a job, which supersedes the visible one. That load.

        A catalogue knows held loads already. Raises UnknownJobError where the job has none.
        """
        load = self._of_job(job_id, "held")
        self._append("release", job_id, load.load_id, reason=reason)
        self.refresh_snapshots()
        return load

    def job_with_input(self, input_digest: str, *, other_than: str) -> str | None:
        """The first job besides `other_than` that shows or holds a load of these files."""
        for load in self.loads():
            is_alive = load.state in ("current", "held")
            if is_alive and load.job_id != other_than and load.facts.input_digest == input_digest:
                return load.job_id
        return None

    def refresh_snapshots(self, *, only_if_stale: bool = False) -> None:
        """Bring `loads` and `current_loads` up to the log's last event.

        Two processes may write them at once; each looks at the log again afterwards, so the last
        one to write has seen every event.
        """
        for _ in range(_SNAPSHOT_TRIES):
            folding = self.folding()
            sequence = folding.sequence
            if only_if_stale and snapshot_sequence(self._store) == sequence:
                return
            write_snapshots(self._store, folding.loads.values(), sequence=sequence)
            if self.folding().sequence == sequence:
                break
        # Not for those who only complete what others left: a build need not be allowed to.
        if not only_if_stale and self._folding.sequence - self._folded_from >= EVENTS_BETWEEN:
            self.write_checkpoint()

    def mend_schema_files(self) -> None:
        """Have every table say all columns of this version: an earlier one may have made the lake.

        Raises LakeError where that is needed and not allowed.
        """
        try:
            write_schema_files(self._store)
        except StoreError as error:
            raise LakeError(
                "this lake was made by an earlier version, and cannot be told of the columns that"
                f" came since ({error.what})",
                where=error.where,
                do="let somebody who may write to it build or ingest once, then it can be read",
            ) from error

    def write_checkpoint(self) -> int:
        """Have the next who opens this lake read one object for all events so far.

        The number of the last event in it; 0, and nothing is written, where there is none.
        """
        folding = self.folding()
        if folding.sequence > self._folded_from:
            write_checkpoint(self._store, Checkpoint(folding, self._event_id))
            self._folded_from = folding.sequence
        return folding.sequence

    def append(self, event: LogEvent, *, unless: Callable[[], None] | None = None) -> None:
        """Add an event to the log, as `Log.append`; `folding` shows afterwards what it comes to."""
        self._opened_log().append(event, unless=unless)

    def _opened_log(self) -> Log:
        """The log, from the checkpoint on where there is one."""
        if self._log is None:
            checkpoint = read_checkpoint(self._store)
            if checkpoint is not None:
                self._folding = checkpoint.folding
                self._event_id = checkpoint.event_id
            self._folded_from = self._folding.sequence
            self._log = Log(self._store, after=self._folded_from)
        return self._log

    def _fold_known(self, log: Log) -> Folding:
        """What is known of the log, folded, without a look at the store that could fail."""
        for sequence, event in log.known(after=self._folding.sequence):
            self._folding.add(sequence, event)
            self._event_id = event.event_id
        return self._folding

    def _refuse_banned(self, job_id: str, load_id: str) -> None:
        # Only what is known: a store that refuses to be read now must not make a load that was
        # committed look like one that was not.
        if load_id in self._fold_known(self._opened_log()).banned:
            raise LakeError(
                "a vacuum took this load's files for waste, so it does not count",
                where=f"{self.root}, {job_id}",
                do="ingest it again, and give vacuum a --grace longer than any ingest takes",
            )

    def _append(
        self,
        kind: Kind,
        job_id: str,
        load_id: str,
        *,
        facts: LoadFacts | None = None,
        reason: str | None = None,
        unless: Callable[[], None] | None = None,
    ) -> None:
        self.append(
            Event(
                event_id=self._ulids.new(),
                kind=kind,
                job_id=job_id,
                load_id=load_id,
                at_utc=self._now(),
                reason=reason,
                load=facts,
            ),
            unless=unless,
        )

    def _refuse_twin(self, job_id: str, facts: LoadFacts) -> None:
        twin = self.job_with_input(facts.input_digest, other_than=job_id)
        if twin is not None:
            raise IdentityError(
                f"the files of {job_id} are in this lake as {twin}",
                where=job_id,
                do=f"drop {twin} first",
            )

    def _of_job(self, job_id: str, state: str) -> Load:
        """The job's newest load in `state`; UnknownJobError that names what there is instead."""
        loads = self.loads()
        for load in reversed(loads):
            if load.job_id == job_id and load.state == state:
                return load
        # An earlier try may have been killed between its event and the snapshots.
        self.refresh_snapshots(only_if_stale=True)
        states = sorted({load.state for load in loads if load.job_id == job_id})
        if states:
            raise UnknownJobError(
                f"job {job_id!r} is not {state}, it is {' and '.join(states)}",
                where=self.root,
                do=_what_to_do(*states),
            )
        candidates = sorted({load.job_id for load in loads if load.state == state})
        raise unknown_job(job_id, candidates, where=self.root)

    def _check_marker(self, *, create: bool) -> None:
        is_there = self._store.exists(MARKER)
        if is_there:
            version = layout_of(self._store.read(MARKER))
            if version != LAYOUT_VERSION:
                raise LakeError(
                    f"this lake has layout {version}, known is {LAYOUT_VERSION}",
                    where=f"{self.root}/{MARKER}",
                    do="open it with the Evallake that wrote it, or upgrade this one",
                )
        elif not create:
            raise LakeError(
                "there is no lake here",
                where=self.root,
                do="make one with `evallake ingest` or `evallake demo`, or set EVALLAKE_ROOT",
            )
        if not create:
            return
        write_schema_files(self._store)
        self.refresh_snapshots(only_if_stale=True)
        if not is_there:  # last, so that what has a marker is whole
            marker = {"layout": LAYOUT_VERSION, "log": LOG, "made_by": "evallake"}
            self._store.create(MARKER, (json.dumps(marker, indent=1) + "\n").encode())


def unknown_job(job_id: str, known: list[str], *, where: str) -> UnknownJobError:
    """The error for a job that a lake does not hold, naming the nearest that it does."""
    close = difflib.get_close_matches(job_id, known, n=3, cutoff=0.5)
    if close:
        do = f"did you mean {' or '.join(close)}?"
    elif known:
        do = f"it holds {', '.join(known[:5])}" + (" and others" if len(known) > 5 else "")
    else:
        do = "it holds no such job; see `evallake jobs`"
    return UnknownJobError(f"no job {job_id!r}", where=where, do=do)


def _what_to_do(*states: str) -> str | None:
    """What helps where a job has loads in these states only, and another was asked for."""
    if set(states) == {"vacuumed"}:
        return "its files are removed and cannot come back: ingest them again"
    return None
