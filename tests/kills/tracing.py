"""Which call a process is in, told outside as it goes, and death at a given one.

Two kinds of calls are told: those to the lake's store, and those by which Python changes anything
below the lake's root on a disk, as its audit hooks see them. A process dies at an instant of time,
or before or after its k-th writing call to the store, or at its k-th change on the disk. What is
told goes into a file descriptor with one write each, so a killed process has told everything up to
its death.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import ingest.lake.lake as lake_module
from ingest.lake import Store

Instant = Literal["time", "before a write", "after a write", "change on the disk"]
CALLS = (
    "put_file",
    "create",
    "replace",
    "delete",
    "delete_all",
    "remove_leftover",
    "read",
    "exists",
    "keys",
    "listed",
    "leftovers",
    "staging",
)
WRITES = CALLS[:6]
_CHANGES = {"os.mkdir", "os.rename", "os.link", "os.remove", "os.rmdir", "shutil.rmtree"}


@dataclass(frozen=True, slots=True)
class Death:
    """When a process is to die."""

    instant: Instant
    at: float
    """Seconds after its begin, or the number of the call."""


def die() -> None:
    """The process ends here, without a chance to tidy up."""
    os.kill(os.getpid(), signal.SIGKILL)


class Traced:
    """A store that tells of its calls, and ends the process before or after one of them."""

    def __init__(self, store: Store, tell: Callable[[str], None], death: Death | None) -> None:
        self._store = store
        self._tell = tell
        self._death = death
        self._lock = threading.Lock()
        self._writes = 0

    def __getattr__(self, name: str) -> Any:
        if name not in CALLS:
            return getattr(self._store, name)
        return lambda *args, **options: self._call(name, *args, **options)

    def _call(self, name: str, *args: Any, **options: Any) -> Any:
        number = 0
        if name in WRITES:
            with self._lock:
                self._writes += 1
                number = self._writes
        if self._death == Death("before a write", number):
            die()
        key = args[1] if name == "put_file" else args[0] if args else ""
        self._tell(f"> {name} {key if isinstance(key, str) else ''}\n")
        answer = getattr(self._store, name)(*args, **options)
        self._tell(f"< {name} {key if isinstance(key, str) else ''}\n")
        if self._death == Death("after a write", number):
            die()
        return answer


def trace(root: str, told: int, death: Death | None) -> None:
    """From now on this process tells of its calls about the lake at `root`, and dies as ordered.

    Args:
        root: a folder, or an address.
        told: file descriptor that takes the telling.
        death: None lets it live.
    """

    def tell(line: str) -> None:
        os.write(told, line.encode())

    opened = lake_module.store_at
    lake_module.store_at = lambda where: Traced(opened(where), tell, death)  # type: ignore[assignment]
    changes = 0
    folder = root + os.sep

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal changes
        if not (event in _CHANGES or (event == "open" and _opens_to_write(arguments))):
            return
        if isinstance(arguments[0], str | os.PathLike) and os.fspath(arguments[0]).startswith(
            folder
        ):
            changes += 1
            if death == Death("change on the disk", changes):
                die()
            tell("s\n")

    sys.addaudithook(hook)


def _opens_to_write(arguments: tuple[Any, ...]) -> bool:
    return bool(arguments[2] & (os.O_WRONLY | os.O_RDWR))
