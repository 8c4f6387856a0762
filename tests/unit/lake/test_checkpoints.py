"""Checkpoints: a lake of many events is opened by few reads, and never believed where it errs."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.lake import Lake, LocalStore
from ingest.lake import lake as lake_module
from ingest.lake.checkpoints import Checkpoint, read_checkpoint, write_checkpoint
from ingest.lake.events import Compacted, Event, FoldedFile, Kind, LogEvent, Vacuumed, to_json
from ingest.lake.fold import Folding, fold
from ingest.lake.layout import CHECKPOINT, event_key
from ingest.lake.local import LocalStore as Disk
from tests.unit.lake.make import START, event, facts

LOADS = [f"{job}-{number}" for job in ("a", "b") for number in (1, 2, 3)]


def of_load(kind: Kind, load_id: str) -> Event:
    """An event about a load that has a file of its own."""
    made = event(kind, load_id[0], load_id)
    if made.load is None:
        return made
    (table,) = made.load.tables
    own = replace(table, keys=(f"examples/{load_id}.parquet",))
    return replace(made, load=replace(made.load, tables=(own,)))


EVENTS = st.lists(
    st.one_of(
        st.builds(
            of_load,
            st.sampled_from(get_args(Kind)),
            st.sampled_from(LOADS),
        ),
        st.builds(
            lambda loads, days: Vacuumed(
                event_id="V",
                at_utc=START,
                loads=tuple(sorted(loads)),
                strangers=tuple(sorted(loads)),
                replaced_before_utc=START + timedelta(days=days),
            ),
            st.sets(st.sampled_from(LOADS)),
            st.integers(-1, 1),
        ),
        st.builds(
            lambda loads, name: Compacted(
                event_id="C",
                at_utc=START,
                compaction_id=name,
                files=(
                    FoldedFile(
                        table="examples",
                        key=f"examples/compacted-{name}.parquet",
                        rows=9,
                        bytes=9,
                        loads=tuple(sorted(loads)),
                    ),
                ),
            ),
            st.sets(st.sampled_from(LOADS)),
            st.sampled_from(["X", "Y"]),
        ),
    ),
    max_size=30,
)


def folded(events: list[LogEvent], folding: Folding | None = None, after: int = 0) -> Folding:
    folding = folding or Folding()
    for sequence, one in enumerate(events, start=1):
        if sequence > after:
            folding.add(sequence, one)
    return folding


class InMemory(Disk):
    """Just enough of a store for checkpoints."""

    def __init__(self) -> None:
        super().__init__(Path("/nowhere"))
        self.objects: dict[str, bytes] = {}

    def replace(self, key: str, content: bytes) -> None:
        self.objects[key] = content

    def read(self, key: str) -> bytes:
        return self.objects[key]

    def exists(self, key: str) -> bool:
        return key in self.objects


@settings(max_examples=150)
@given(EVENTS, st.data())
def test_folding_on_from_a_checkpoint_is_folding_everything(
    events: list[LogEvent], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(events)))
    store = InMemory()
    if cut:
        store.objects[event_key(cut)] = to_json(events[cut - 1])
        head = Checkpoint(folded(events[:cut]), events[cut - 1].event_id)
        write_checkpoint(store, head)
        read = read_checkpoint(store)
        assert read == head
        start = read.folding
    else:
        assert read_checkpoint(store) is None
        start = Folding()
    assert folded(events, start, after=cut) == folded(events)


@settings(max_examples=200)
@given(EVENTS)
def test_vacuumed_is_for_ever_and_befalls_hidden_loads_only(events: list[LogEvent]) -> None:
    before: dict[str, str] = {}
    for sequence, one in enumerate(events, start=1):
        now = {load.load_id: load.state for load in fold(enumerate(events[:sequence], start=1))}
        for load_id, state in before.items():
            if state == "vacuumed":
                assert now[load_id] == "vacuumed"
            elif now[load_id] == "vacuumed":
                assert isinstance(one, Vacuumed)
                assert state in ("superseded", "dropped")
        before = now


@settings(max_examples=200)
@given(EVENTS)
def test_compacting_changes_no_state(events: list[LogEvent]) -> None:
    numbered = list(enumerate(events, start=1))
    without = [(n, one) for n, one in numbered if not isinstance(one, Compacted)]
    assert [(load.load_id, load.state) for load in fold(numbered)] == [
        (load.load_id, load.state) for load in fold(without)
    ]


@settings(max_examples=200)
@given(EVENTS)
def test_no_file_is_needed_and_replaced_at_once(events: list[LogEvent]) -> None:
    folding = folded(events)
    for key in folding.needed() & set(folding.replaced):
        # The same compaction told of twice: made up here, impossible with identifiers of its own.
        assert sum(isinstance(one, Compacted) for one in events) > 1, key


def made(root: Path, jobs: int) -> Lake:
    lake = Lake.open(str(root), create=True)
    for number in range(jobs):
        lake.commit(f"job-{number}", lake.new_load_id(), facts(input_digest=str(number)))
    lake.drop("job-0")
    return lake


class Counting(LocalStore):
    """Counts what is read of the log."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.events_read = 0

    def read(self, key: str) -> bytes:
        self.events_read += key.startswith("_log/")
        return super().read(key)


def test_a_lake_is_opened_by_its_checkpoint_and_the_events_after_it(tmp_path: Path) -> None:
    lake = made(tmp_path, jobs=20)
    lake.write_checkpoint()
    late = lake.new_load_id()
    lake.commit("late", late, facts(input_digest="late"))
    store = Counting(tmp_path)
    opened = Lake(store)
    assert opened.loads() == lake.loads() == fold(events_of(tmp_path))
    assert store.events_read == 2  # that of the checkpoint, and the one after it
    assert opened.current()["late"].load_id == late


def events_of(root: Path) -> list[tuple[int, LogEvent]]:
    from ingest.lake.log import Log

    return list(Log(LocalStore(root)).events())


def test_appending_goes_on_after_the_checkpoint(tmp_path: Path) -> None:
    made(tmp_path, jobs=3).write_checkpoint()
    for _ in range(2):
        lake = Lake.open(str(tmp_path))
        lake.commit("next", lake.new_load_id(), facts(input_digest="next"))
    assert [sequence for sequence, _ in events_of(tmp_path)] == [1, 2, 3, 4, 5, 6]


@pytest.fixture(scope="module")
def checkpointed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """A lake, and its checkpoint as it should be."""
    root = tmp_path_factory.mktemp("lake")
    made(root, jobs=2).write_checkpoint()
    return root, (root / CHECKPOINT).read_bytes()


@settings(max_examples=60)
@given(
    damage=st.sampled_from(["cut", "flip", "empty", "other"]),
    place=st.integers(0, 10**6),
    bit=st.integers(0, 7),
)
def test_a_damaged_checkpoint_is_passed_over(
    checkpointed: tuple[Path, bytes], damage: str, place: int, bit: int
) -> None:
    root, whole = checkpointed
    path = root / CHECKPOINT
    if damage == "cut":
        path.write_bytes(whole[: place % len(whole)])
    elif damage == "flip":
        at = place % len(whole)
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :])
    else:
        path.write_bytes(gzip.compress(b"[]") if damage == "other" else b"")
    assert Lake.open(str(root)).loads() == fold(events_of(root))


def test_one_of_another_version_is_passed_over(tmp_path: Path) -> None:
    lake = made(tmp_path, jobs=2)
    lake.write_checkpoint()
    path = tmp_path / CHECKPOINT
    head = json.loads(gzip.decompress(path.read_bytes()).split(b"\n")[0])
    path.write_bytes(gzip.compress(json.dumps(head | {"version": 2}).encode()))
    assert Lake.open(str(tmp_path)).loads() == lake.loads()


def test_one_of_another_log_is_passed_over(tmp_path: Path) -> None:
    """The log was restored from a backup that is older than the checkpoint, and went on."""
    lake = made(tmp_path, jobs=3)
    lake.write_checkpoint()
    for sequence in (3, 4):
        (tmp_path / event_key(sequence)).unlink()
    assert {load.job_id for load in Lake.open(str(tmp_path)).loads()} == {"job-0", "job-1"}
    again = Lake.open(str(tmp_path))
    for job in ("x", "y"):
        again.commit(job, again.new_load_id(), facts(input_digest=job))
    shown = {load.job_id for load in Lake.open(str(tmp_path)).loads()}
    assert shown == {"job-0", "job-1", "x", "y"}


def test_writers_leave_one_now_and_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lake_module, "EVENTS_BETWEEN", 3)
    lake = Lake.open(str(tmp_path), create=True)
    written = []
    for number in range(7):
        lake.commit("a", lake.new_load_id(), facts(digest=str(number)))
        lake.refresh_snapshots()
        found = read_checkpoint(lake.store)
        written.append(found.folding.sequence if found else 0)
    assert written == [0, 0, 3, 3, 3, 6, 6]
    for number in range(3):
        lake.commit("b", lake.new_load_id(), facts(digest=str(number)))
    lake.refresh_snapshots(only_if_stale=True)  # by a build, which may not be allowed to
    found = read_checkpoint(lake.store)
    assert found is not None
    assert found.folding.sequence == 6


def test_a_checkpoint_keeps_what_was_replaced_and_who_may_not_come_back(tmp_path: Path) -> None:
    store = InMemory()
    folding = Folding(
        sequence=1,
        banned={"X"},
        replaced={"jobs/1.parquet": datetime(2026, 3, 1, 12, tzinfo=UTC)},
    )
    store.objects[event_key(1)] = to_json(event("drop", event_id="E1"))
    write_checkpoint(store, Checkpoint(folding, "E1"))
    assert read_checkpoint(store) == Checkpoint(folding, "E1")
