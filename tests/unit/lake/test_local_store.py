"""The local store keeps the promises of the protocol, and says clearly what it was refused."""

from __future__ import annotations

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ingest.errors import StoreError
from ingest.lake import LocalStore


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "lake")


def test_what_was_put_is_there_and_what_was_deleted_is_not(
    store: LocalStore, tmp_path: Path
) -> None:
    source = tmp_path / "new"
    source.write_bytes(b"rows")
    store.put_file(source, "examples/job_id=a/part.parquet")
    assert store.read("examples/job_id=a/part.parquet") == b"rows"
    assert store.exists("examples/job_id=a/part.parquet")
    assert not store.exists("examples/job_id=a/other.parquet")
    store.delete("examples/job_id=a/part.parquet")
    store.delete("examples/job_id=a/part.parquet")
    assert not store.exists("examples/job_id=a/part.parquet")
    assert not (tmp_path / "lake" / "examples").exists()  # no empty partition stays


def test_a_file_from_another_file_system_is_copied_and_whole_at_once(
    store: LocalStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "new"
    source.write_bytes(b"rows")
    rename = Path.replace

    def across(self: Path, target: Path) -> Path:
        if self == source:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", across)
    store.put_file(source, "t/f")
    assert store.read("t/f") == b"rows"
    assert store.keys("_staging/") == []


def test_create_has_one_winner_among_many(store: LocalStore) -> None:
    for number in range(20):
        with ThreadPoolExecutor(8) as pool:
            made = list(
                pool.map(lambda who, n=number: store.create(f"_log/{n}", b"%d" % who), range(8))
            )
        assert sum(made) == 1
        assert store.read(f"_log/{number}") == b"%d" % made.index(True)
    assert store.keys("_staging/") == []


def test_replace_never_shows_half(store: LocalStore) -> None:
    old, new = b"a" * 200_000, b"b" * 200_000
    store.replace("s", old)
    with ThreadPoolExecutor(2) as pool:
        writing = pool.submit(lambda: [store.replace("s", (old, new)[i % 2]) for i in range(30)])
        while not writing.done():
            assert store.read("s") in (old, new)
    assert writing.exception() is None


def test_keys_are_sorted_and_below_the_folder(store: LocalStore, tmp_path: Path) -> None:
    for key in ("a/2", "a/1", "a/deep/er", "ab/1", "z"):
        store.replace(key, b"")
    (tmp_path / "lake" / "a" / ".DS_Store").write_bytes(b"")
    assert store.keys("a/") == ["a/1", "a/2", "a/deep/er"]
    assert store.keys("a/", after="a/1") == ["a/2", "a/deep/er"]
    assert store.keys("nowhere/") == []


def test_files_are_readable_by_others_as_the_umask_says(store: LocalStore, tmp_path: Path) -> None:
    mask = os.umask(0o022)
    try:
        store.replace("s", b"")
        store.create("c", b"")
    finally:
        os.umask(mask)
    assert (tmp_path / "lake" / "s").stat().st_mode & 0o777 == 0o644
    assert (tmp_path / "lake" / "c").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("key", ["", "/etc/passwd", "../x", "a/../../x", "a//b", "./a", "a\0b"])
def test_a_key_never_leaves_the_lake(store: LocalStore, key: str) -> None:
    with pytest.raises(StoreError, match="not a key"):
        store.replace(key, b"")


def test_staging_is_private_and_removed(store: LocalStore) -> None:
    with pytest.raises(RuntimeError, match="on purpose"), store.staging("L1") as folder:
        (folder / "half").write_bytes(b"x")
        raise RuntimeError("on purpose")
    assert not folder.exists()


def test_a_file_where_a_folder_belongs(store: LocalStore, tmp_path: Path) -> None:
    (tmp_path / "lake").write_text("not a folder")
    with pytest.raises(StoreError, match=r"lake/examples/x: cannot write this .*; a part of"):
        store.replace("examples/x", b"")


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (errno.ENOSPC, "free some space"),
        (errno.EACCES, "give this user the right"),
        (errno.EROFS, "read-only"),
    ],
)
def test_what_the_system_refuses_is_said_with_what_to_do(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch, code: int, advice: str
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", refuse)
    for write in (store.create, store.replace):
        with pytest.raises(StoreError, match=advice) as raised:
            write("t/f", b"x")
        assert raised.value.where is not None
        assert "t/f" in raised.value.where
    monkeypatch.undo()
    assert not store.exists("t/f")
    assert store.keys("_staging/") == []


def test_a_folder_that_vanishes_while_writing_is_made_again(
    store: LocalStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process deletes the last file of a partition, and with it the folder."""
    rename = Path.replace
    removals = iter([True, True, False])

    def racing(self: Path, target: Path) -> Path:
        if next(removals, False):
            Path(target).parent.rmdir()
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", racing)
    store.replace("jobs/x", b"x")
    assert store.read("jobs/x") == b"x"


def test_a_folder_that_a_killed_writer_made_is_a_leftover(
    store: LocalStore, tmp_path: Path
) -> None:
    empty = tmp_path / "lake" / "examples" / "job_id=a" / "load_id=1"
    empty.mkdir(parents=True)
    store.replace("examples/job_id=b/load_id=2/part.parquet", b"x")
    (left,) = store.leftovers()
    assert (left.name, left.bytes) == ("examples/job_id=a/load_id=1", 0)
    store.replace("examples/job_id=a/load_id=1/part.parquet", b"x")  # its writer is alive after all
    store.remove_leftover(left)
    assert store.read("examples/job_id=a/load_id=1/part.parquet") == b"x"
    assert store.leftovers() == []

    (tmp_path / "lake" / "examples" / "job_id=c" / "load_id=3").mkdir(parents=True)
    for left in store.leftovers():
        store.remove_leftover(left)
    assert not (tmp_path / "lake" / "examples" / "job_id=c").exists()
