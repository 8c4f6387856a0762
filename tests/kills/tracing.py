"""Which call a process is in, told outside as it goes, and death at a given one.

Two kinds of calls are told: those to the lake's store, and those of Python to the operating system
about anything below the lake's root, as its audit hooks see them. What is told goes into a file
descriptor with one write each, so a killed process has told everything up to its death.
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

Instant = Literal["time", "before call", "after call", "system call"]
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
        self._calls = 0

    def __getattr__(self, name: str) -> Any:
        if name not in CALLS:
            return getattr(self._store, name)
        return lambda *args, **options: self._call(name, *args, **options)

    def _call(self, name: str, *args: Any, **options: Any) -> Any:
        with self._lock:
            self._calls += 1
            number = self._calls
        if self._death == Death("before call", number):
            die()
        key = args[1] if name == "put_file" else args[0] if args else ""
        self._tell(f"> {name} {key if isinstance(key, str) else ''}\n")
        answer = getattr(self._store, name)(*args, **options)
        self._tell(f"< {name} {key if isinstance(key, str) else ''}\n")
        if self._death == Death("after call", number):
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

    opened = lake_module._store
    lake_module._store = lambda where: Traced(opened(where), tell, death)  # type: ignore[assignment]
    calls = 0
    folder = root + os.sep

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal calls
        if not arguments or not isinstance(arguments[0], str | os.PathLike):
            return
        if os.fspath(arguments[0]).startswith(folder):
            calls += 1
            if death == Death("system call", calls):
                die()
            tell("s\n")

    sys.addaudithook(hook)
