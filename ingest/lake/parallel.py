"""Doing the same to many objects at once, as many as a store can take.

Decides order, bounds and what a failure stops; what is done is the caller's. On a disk, which
gains nothing from it, everything runs in the caller's own thread, one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def each(
    work: Callable[[_Item], _Result], items: Iterable[_Item], *, at_once: int
) -> list[_Result]:
    """`work` of every item, in the order of the items.

    The first failure stops what has not begun, waits for what has, and is raised.

    Args:
        at_once: threads (count); 1 uses the caller's own.
    """
    todo = list(items)
    if at_once <= 1 or len(todo) <= 1:
        return [work(item) for item in todo]
    with ThreadPoolExecutor(min(at_once, len(todo)), thread_name_prefix="store") as pool:
        pending = [pool.submit(work, item) for item in todo]
        try:
            return [done.result() for done in pending]
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
