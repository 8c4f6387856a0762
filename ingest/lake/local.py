"""The lake's files on a local disk.

Decides how the promises of `ingest.lake.store` are kept with POSIX calls: a rename makes a file
appear whole, ``os.link`` of a finished temporary file has one winner, and the file and its
folder are flushed to the disk before a call returns. Temporary files live in ``_staging`` below
the root, the same file system as their targets; what a killed process leaves there is waste
that no reader sees.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from ingest.lake.layout import STAGING
from ingest.lake.refusals import refusals
from ingest.lake.store import Leftover, Moved, StoredObject, check_key

_PLACING_TRIES = 10


class LocalStore:
    """A folder; it need not exist before the first write."""

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()

    @property
    def root(self) -> str:
        """The folder's absolute path."""
        return str(self._root)

    @property
    def at_once(self) -> int:
        """One: a disk is not quicker for many threads, and a rename takes no time."""
        return 1

    @contextmanager
    def staging(self, name: str) -> Iterator[Path]:
        """A private folder below ``_staging``, removed on leaving."""
        folder = self._root / STAGING / name
        with refusals("make", folder):
            folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def put_file(self, path: Path, key: str, *, moved: Moved | None = None) -> None:
        """Flush `path` and rename it into place; from another file system, copy it first."""
        target = self._path(key)
        with refusals("write", target):
            size = path.stat().st_size
            _flush(path)
            try:
                self._into_place(target, lambda: path.replace(target))
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                temporary = self._temporary()
                try:
                    shutil.copyfile(path, temporary)
                    _flush(temporary)
                    self._into_place(target, lambda: temporary.replace(target))
                finally:
                    temporary.unlink(missing_ok=True)
        if moved is not None:
            moved(size)

    def create(self, key: str, content: bytes) -> bool:
        """Link a finished temporary file to `key`: the file system picks the one winner."""
        target = self._path(key)
        with refusals("create", target):
            temporary = self._written(content)
            try:
                self._into_place(target, lambda: os.link(temporary, target))
            except FileExistsError:
                return False
            finally:
                # Waste that may stay: a failure here must not hide that the link was made.
                with suppress(OSError):
                    temporary.unlink()
        return True

    def replace(self, key: str, content: bytes) -> None:
        """Write a temporary file and rename it over `key`."""
        target = self._path(key)
        with refusals("write", target):
            temporary = self._written(content)
            try:
                self._into_place(target, lambda: temporary.replace(target))
            finally:
                temporary.unlink(missing_ok=True)

    def read(self, key: str) -> bytes:
        """The file's bytes."""
        path = self._path(key)
        with refusals("read", path):
            return path.read_bytes()

    def exists(self, key: str) -> bool:
        """Whether the file is there; an unreadable folder is an error, not an absence."""
        path = self._path(key)
        with refusals("look at", path):
            try:
                path.stat()
            except (FileNotFoundError, NotADirectoryError):
                return False
        return True

    def keys(self, prefix: str, *, after: str | None = None) -> list[str]:
        """Files below the folder `prefix`, at any depth; hidden ones are not the lake's."""
        found = (
            Path(entry.path).relative_to(self._root).as_posix()
            for entry in _files_below(self._root / prefix)
            if not entry.name.startswith(".")
        )
        return sorted(key for key in found if after is None or key > after)

    def listed(self, prefix: str) -> list[StoredObject]:
        """The same files with size and age; one that goes meanwhile is left out."""
        found = []
        for entry in _files_below(self._root / prefix):
            if entry.name.startswith("."):
                continue
            with refusals("look at", Path(entry.path)), suppress(FileNotFoundError):
                status = entry.stat(follow_symlinks=False)
                key = Path(entry.path).relative_to(self._root).as_posix()
                found.append(StoredObject(key, status.st_size, _moment(status.st_mtime)))
        return sorted(found, key=lambda listed: listed.key)

    def delete(self, key: str) -> None:
        """Remove the file, and the folders that it leaves empty."""
        path = self._path(key)
        with refusals("remove", path):
            path.unlink(missing_ok=True)
        self._remove_while_empty(path.parent)

    def delete_all(self, keys: Iterable[str]) -> None:
        """One after the other."""
        for key in keys:
            self.delete(key)

    def leftovers(self) -> list[Leftover]:
        """What is in ``_staging``, and folders of partitions that nothing was put into.

        In ``_staging`` are a folder per ingest and a file per small object being written.
        """
        folder = self._root / STAGING
        with refusals("list", folder):
            entries = list(os.scandir(folder)) if folder.is_dir() else []
        found = []
        for entry in entries:
            with refusals("look at", Path(entry.path)), suppress(FileNotFoundError):
                inside = _files_below(Path(entry.path)) if entry.is_dir() else []
                statuses = [entry.stat(follow_symlinks=False)]
                statuses += [file.stat(follow_symlinks=False) for file in inside]
                size = sum(s.st_size for s in statuses[1 if entry.is_dir() else 0 :])
                touched = max(status.st_mtime for status in statuses)
                found.append(Leftover(f"{STAGING}/{entry.name}", size, _moment(touched)))
        for empty in _empty_folders(self._root):
            with refusals("look at", empty), suppress(FileNotFoundError):
                name = empty.relative_to(self._root).as_posix()
                found.append(Leftover(name, 0, _moment(empty.stat().st_mtime)))
        return sorted(found, key=lambda leftover: leftover.name)

    def remove_leftover(self, leftover: Leftover) -> None:
        """Remove the folder or file; of a partition's folder, only if it is empty still."""
        path = self._path(leftover.name)
        if not leftover.name.startswith(f"{STAGING}/"):
            self._remove_while_empty(path)
            return
        with refusals("remove", path):
            try:
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink(missing_ok=True)
            except FileNotFoundError:
                return  # its owner was quicker

    def _remove_while_empty(self, folder: Path) -> None:
        """Remove it and those above it, up to the first that something is in."""
        while folder != self._root:
            try:
                folder.rmdir()
            except OSError:
                return  # not empty, or another process has removed it
            folder = folder.parent

    def _path(self, key: str) -> Path:
        check_key(key, where=self.root)
        return self._root.joinpath(*key.split("/"))

    def _into_place(self, target: Path, move: Callable[[], object]) -> None:
        """Run `move` with the folder of `target` there, and flush the folder after it."""
        for _ in range(_PLACING_TRIES):
            self._make_parent(target)
            try:
                move()
            except FileNotFoundError:
                if target.parent.exists():
                    raise
                continue  # another process removed the folder while it was still empty
            _flush(target.parent)
            return
        raise FileNotFoundError(errno.ENOENT, "its folder is removed again and again")

    def _make_parent(self, target: Path) -> None:
        """Make the folder of `target`, each new one flushed into the folder above it."""
        missing: list[Path] = []
        folder = target.parent
        while not folder.exists():
            missing.append(folder)
            folder = folder.parent
        target.parent.mkdir(parents=True, exist_ok=True)
        for made in missing:
            _flush(made.parent)

    def _temporary(self) -> Path:
        """A new name in ``_staging``; nobody else has it."""
        folder = self._root / STAGING
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"object-{secrets.token_hex(12)}"

    def _written(self, content: bytes) -> Path:
        temporary = self._temporary()
        try:
            with temporary.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        return temporary


def _files_below(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Files below `folder` at any depth; a hidden folder is not looked into."""
    folders = [folder]
    while folders:
        folder = folders.pop()
        with refusals("list", folder):
            try:
                entries = list(os.scandir(folder))
            except FileNotFoundError:
                continue  # never written to, or removed by another process meanwhile
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                yield entry
            elif not entry.name.startswith("."):
                folders.append(Path(entry.path))


def _empty_folders(root: Path) -> Iterator[Path]:
    """Folders below the tables' own in which there is nothing: their writers were killed."""
    tables = [table for table in _folders_in(root) if not table.name.startswith(("_", "."))]
    folders = [folder for table in tables for folder in _folders_in(table)]
    while folders:
        folder = folders.pop()
        with refusals("list", folder), suppress(FileNotFoundError):
            if next(folder.iterdir(), None) is None:
                yield folder
        folders += _folders_in(folder)


def _folders_in(folder: Path) -> list[Path]:
    with refusals("list", folder), suppress(FileNotFoundError), os.scandir(folder) as entries:
        return [Path(e.path) for e in entries if e.is_dir(follow_symlinks=False)]
    return []


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _flush(path: Path) -> None:
    """Have the disk keep a file's content, or a folder's entries."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
