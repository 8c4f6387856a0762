"""Appending to the log: numbers are exclusive, and an earlier try that went through is found."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ingest.errors import LakeError, OutcomeUnknownError, StoreError
from ingest.lake import LocalStore
from ingest.lake.layout import event_key, event_sequence
from ingest.lake.log import Log
from tests.unit.lake.make import event


class BrokenLine(LocalStore):
    """A store whose answers to `create` get lost, before or after it did the work."""

    def __init__(self, root: Path, *, does_work: bool, then_silent: bool = False) -> None:
        super().__init__(root)
        self.does_work = does_work
        self.then_silent = then_silent

    def create(self, key: str, content: bytes) -> bool:
        if self.does_work:
            super().create(key, content)
        raise OutcomeUnknownError("timed out", where=key)

    def exists(self, key: str) -> bool:
        if self.then_silent:
            raise StoreError("timed out", where=key)
        return super().exists(key)


def test_numbers_follow_each_other(tmp_path: Path) -> None:
    log = Log(LocalStore(tmp_path))
    assert [log.append(event("commit", event_id=str(n))) for n in range(3)] == [1, 2, 3]
    assert [n for n, _ in Log(LocalStore(tmp_path)).events()] == [1, 2, 3]


def test_many_writers_lose_nothing(tmp_path: Path) -> None:
    def write(who: int) -> list[int]:
        log = Log(LocalStore(tmp_path))
        return [log.append(event("drop", event_id=f"{who}-{n}")) for n in range(10)]

    with ThreadPoolExecutor(6) as pool:
        numbers = sorted(n for written in pool.map(write, range(6)) for n in written)
    assert numbers == list(range(1, 61))
    ids = {e.event_id for _, e in Log(LocalStore(tmp_path)).events()}
    assert ids == {f"{who}-{n}" for who in range(6) for n in range(10)}


def test_a_writer_that_was_not_told_finds_its_own_event(tmp_path: Path) -> None:
    log = Log(BrokenLine(tmp_path, does_work=True))
    assert log.append(event("commit", event_id="mine")) == 1
    assert len(Log(LocalStore(tmp_path)).events()) == 1


def test_appending_the_same_event_again_adds_nothing(tmp_path: Path) -> None:
    """Two tries of one process: the second meets the first one's event at the next number."""
    slow = Log(LocalStore(tmp_path))
    assert slow.events() == ()
    Log(LocalStore(tmp_path)).append(event("commit", event_id="mine"))
    slow.events = lambda: ()  # type: ignore[method-assign]  # it listed before the first try landed
    assert slow.append(event("commit", event_id="mine")) == 1
    assert len(Log(LocalStore(tmp_path)).events()) == 1


def test_a_write_that_may_still_happen_is_said_to_be_unknown(tmp_path: Path) -> None:
    for log in (
        Log(BrokenLine(tmp_path / "a", does_work=False)),
        Log(BrokenLine(tmp_path / "b", does_work=True, then_silent=True)),
    ):
        with pytest.raises(OutcomeUnknownError):
            log.append(event("commit"))


def test_a_gap_is_named(tmp_path: Path) -> None:
    log = Log(LocalStore(tmp_path))
    for n in range(3):
        log.append(event("drop", event_id=str(n)))
    (tmp_path / event_key(2)).unlink()
    with pytest.raises(LakeError, match=r"00000000000000000002\.json: event 2 is missing"):
        Log(LocalStore(tmp_path)).events()


def test_a_listing_that_missed_an_event_made_meanwhile_is_completed(tmp_path: Path) -> None:
    """A folder that grows while it is listed may show the newest file and not the one before."""
    log = Log(LocalStore(tmp_path))
    for n in range(4):
        log.append(event("drop", event_id=str(n)))

    class Hasty(LocalStore):
        def keys(self, prefix: str, *, after: str | None = None) -> list[str]:
            return [key for key in super().keys(prefix, after=after) if key != event_key(3)]

    assert [n for n, _ in Log(Hasty(tmp_path)).events()] == [1, 2, 3, 4]


@pytest.mark.parametrize("name", ["notes.txt", "0001.json", "00000000000000000001.json.tmp"])
def test_a_foreign_file_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "_log").mkdir()
    (tmp_path / "_log" / name).write_text("x")
    with pytest.raises(LakeError, match=name):
        Log(LocalStore(tmp_path)).events()


def test_a_damaged_event_is_named_and_nothing_is_appended_past_it(tmp_path: Path) -> None:
    log = Log(LocalStore(tmp_path))
    log.append(event("commit"))
    (tmp_path / event_key(1)).write_text("{")
    with pytest.raises(LakeError, match=r"00000000000000000001\.json: the log is damaged"):
        Log(LocalStore(tmp_path)).append(event("drop"))
    assert LocalStore(tmp_path).keys("_log/") == [event_key(1)]


def test_event_keys_sort_as_their_numbers() -> None:
    keys = [event_key(n) for n in (1, 9, 10, 999, 10**12)]
    assert keys == sorted(keys)
    assert [event_sequence(key) for key in keys] == [1, 9, 10, 999, 10**12]
