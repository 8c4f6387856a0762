"""What the lake asks of whatever keeps its files: a dozen verbs, for a disk or a bucket alike.

Keys are relative to the lake's root and use ``/`` on every system. A store knows nothing of
tables, loads or the log. Whoever writes a second store has to keep three promises:

* an object is either absent or whole: no reader ever sees half of one;
* ``create`` has one winner, however many ask for the same key at once;
* what a returned call has written survives a power cut.

A failed call raises StoreError; where the store cannot tell whether a write took place (a
connection that broke after the request was sent), it raises OutcomeUnknownError instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from ingest.errors import StoreError

Moved = Callable[[int], None]
"""Told of every so many bytes that are through, from any thread."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as a listing shows it."""

    key: str
    bytes: int
    modified_at_utc: datetime
    """When it was written, by the store's clock."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """What a writer keeps beside the lake's objects while it works, and leaves when it is killed."""

    name: str
    """For people, and for `remove_leftover`."""
    bytes: int | None
    """Its size. Null where the store does not say."""
    touched_at_utc: datetime
    """When somebody last wrote to it: its writer may be alive."""


class Store(Protocol):
    """A place for immutable files and a few small objects."""

    @property
    def root(self) -> str:
        """Where it is: an absolute path, or a URI with a scheme."""
        ...

    @property
    def at_once(self) -> int:
        """Calls worth making at a time (count), from as many threads; 1 where it gains nothing."""
        ...

    def staging(self, name: str) -> AbstractContextManager[Path]:
        """A private, empty local folder that is removed on leaving.

        It is where `put_file` moves from most cheaply; no reader of the lake looks into it.
        """
        ...

    def put_file(self, path: Path, key: str, *, moved: Moved | None = None) -> None:
        """Make the local file `path` the object `key`, whole at once; `path` may be moved.

        Args:
            path: a finished file.
            key: what it becomes.
            moved: told how it goes on.
        """
        ...

    def create(self, key: str, content: bytes) -> bool:
        """Write a small object if, and only if, there is none; whether this call made it."""
        ...

    def replace(self, key: str, content: bytes) -> None:
        """Write a small object in place of the one that is there, whole at once."""
        ...

    def read(self, key: str) -> bytes:
        """The whole object; StoreError where there is none."""
        ...

    def exists(self, key: str) -> bool:
        """Whether there is such an object."""
        ...

    def keys(self, prefix: str, *, after: str | None = None) -> list[str]:
        """Keys of all objects below the folder `prefix` (ending in ``/``), sorted.

        Args:
            prefix: a folder; one that does not exist has no keys.
            after: only keys that sort after this one.
        """
        ...

    def listed(self, prefix: str) -> list[StoredObject]:
        """The objects whose keys `keys` gives, with size and age."""
        ...

    def delete(self, key: str) -> None:
        """Remove an object; one that is absent already is removed."""
        ...

    def delete_all(self, keys: Iterable[str]) -> None:
        """Remove many objects; after an error some are removed and some are not."""
        ...

    def leftovers(self) -> list[Leftover]:
        """Private folders and unfinished objects of this lake's writers, dead or alive."""
        ...

    def remove_leftover(self, leftover: Leftover) -> None:
        """Remove what `leftovers` gave; one that is absent already is removed."""
        ...


def check_key(key: str, *, where: str) -> None:
    """StoreError for what cannot be a key: an empty or dotted part, a null character."""
    if any(part in ("", ".", "..") for part in key.split("/")) or "\0" in key:
        raise StoreError(f"{key!r} is not a key of the lake", where=where)
