"""Putting the files of one load in place, on a bucket while later ones are still being written.

Decides when a file is sent, how many at a time, and what is taken away again when the load does
not come about. Where the files belong, and when the load counts, is decided by others.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

from ingest.errors import StoreError
from ingest.lake.store import Store
from ingest.lake.writer import StagedFile
from ingest.parallel import await_all, each


class Placing:
    """The files of one load on their way; use as a context manager.

    Leaving it with an error takes away what is in place, unless `keep` was called. A store that
    gains nothing from many calls at once gets its files at the end, in the caller's own thread:
    a disk moves them, and whoever looks at them before the commit finds them where they were.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pool = (
            ThreadPoolExecutor(store.at_once, thread_name_prefix="place")
            if store.at_once > 1
            else None
        )
        self._lock = threading.Lock()
        self._keys: list[str] = []
        self._pending: dict[str, Future[None]] = {}
        self._moved = 0
        self._is_kept = False

    def __enter__(self) -> Placing:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
        if error is not None and not self._is_kept:
            self.take_away(error)

    def begin(self, file: StagedFile) -> None:
        """Start sending a finished file, where that is worthwhile now; from any thread.

        Raises what sending an earlier one raised, so that no more is written in vain.
        """
        if self._pool is None:
            return
        with self._lock:
            sent = [future for future in self._pending.values() if future.done()]
            self._keys.append(file.key)  # first: a put that fails may have left something
            self._pending[file.key] = self._pool.submit(self._put, file)
        for future in sent:
            future.result()

    def finish(
        self, files: tuple[StagedFile, ...], *, progress: Callable[[int, int], None]
    ) -> None:
        """Have all `files` in place; those already begun are waited for.

        Args:
            files: every file of the load.
            progress: told of bytes in place and bytes in all, from this thread.
        """
        if self._pool is None:
            for file in files:
                self._keys.append(file.key)
                self._put(file)
            return
        for file in files:
            if file.key not in self._pending:
                self.begin(file)
        of = sum(file.bytes for file in files)
        await_all(self._pending.values(), look=lambda: progress(self._moved, of))

    def keep(self) -> None:
        """From here on an error takes nothing away: the load may count already."""
        self._is_kept = True

    def take_away(self, because: BaseException) -> None:
        """Remove files that no event refers to; what cannot be removed is noted on `because`."""

        def remove(key: str) -> StoreError | None:
            try:
                self._store.delete(key)
            except StoreError as error:
                return error
            return None

        for error in each(remove, self._keys, at_once=self._store.at_once):
            if error is not None:
                because.add_note(f"left behind, no reader sees it: {error}")

    def _put(self, file: StagedFile) -> None:
        self._store.put_file(file.path, file.key, moved=self._count)

    def _count(self, moved: int) -> None:
        with self._lock:
            self._moved += moved
