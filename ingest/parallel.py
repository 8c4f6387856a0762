"""Doing the same to many objects at once, as many as a store can take.

Decides order, bounds and what a failure stops; what is done is the caller's. Where only one thing
is done at a time, as on a disk, everything runs in the caller's own thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

LOOK_SECONDS = 0.2
"""How often somebody who watches is told how far it is."""


def each(
    work: Callable[[_Item], _Result],
    items: Iterable[_Item],
    *,
    at_once: int,
    look: Callable[[], None] | None = None,
) -> list[_Result]:
    """`work` of every item, in the order of the items.

    The first failure stops what has not begun, waits for what has, and is raised.

    Args:
        work: called from several threads.
        items: what to do it to.
        at_once: threads (count); 1 uses the caller's own.
        look: called from this thread now and then, and at the end.
    """
    todo = list(items)
    if at_once <= 1 or (len(todo) <= 1 and look is None):
        return [work(item) for item in todo]
    with ThreadPoolExecutor(min(at_once, len(todo)) or 1, thread_name_prefix="store") as pool:
        pending = [pool.submit(work, item) for item in todo]
        try:
            await_all(pending, look=look)
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return [done.result() for done in pending]


def await_all(pending: Iterable[Future[Any]], *, look: Callable[[], None] | None = None) -> None:
    """Wait until all are done; raises what the first of them to fail raised, once it has."""
    left = set(pending)
    while left:
        timeout = None if look is None else LOOK_SECONDS
        done, left = wait(left, timeout=timeout, return_when=FIRST_EXCEPTION)
        for future in done:
            future.result()
        if look is not None:
            look()
