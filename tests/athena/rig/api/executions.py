"""A statement's way from QUEUED to SUCCEEDED, FAILED or CANCELLED.

Decides states, times, statistics and who waits for whom. How a statement is carried out is
`running.py`'s business; what is told about it is `operations.py`'s.
"""

from __future__ import annotations

import sys
import threading
import time
import traceback
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from tests.athena.rig.api.refusals import InvalidRequestError, QueryCancelledError, QueryFailedError
from tests.athena.rig.api.statements import Statement
from tests.athena.rig.api.workgroups import WorkGroup

_RUNNING_AT_ONCE = 8
_ACTIVE_AT_MOST = 100
_FINAL = ("SUCCEEDED", "FAILED", "CANCELLED")


@dataclass(slots=True, kw_only=True)
class Execution:
    """One query. Changed by the thread that runs it, read by those that ask about it."""

    statement: Statement
    request: dict[str, Any]
    workgroup: WorkGroup
    folder: str
    """Where its files go, ending with `/`."""
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    state: str = "QUEUED"
    reason: str | None = None
    error: dict[str, Any] | None = None
    columns: list[dict[str, Any]] = field(default_factory=list)
    """`ColumnInfo` of its result."""
    update_count: int | None = None
    manifest: str | None = None
    scanned_bytes: int = 0
    planning_millis: int = 0
    submitted: float = field(default_factory=time.time)
    started: float | None = None
    ended: float | None = None
    is_stopped: bool = False
    """Whether somebody asked for its end."""
    accepted: threading.Event = field(default_factory=threading.Event)
    """Set once the text is known to be SQL, or not to be."""
    refusal: InvalidRequestError | None = None
    """Set before `accepted` when the text is no SQL."""
    finished: threading.Event = field(default_factory=threading.Event)

    @property
    def database(self) -> str:
        """Where names without a database are looked up."""
        context = self.request.get("QueryExecutionContext") or {}
        return str(context.get("Database") or "default").lower()

    @property
    def is_over(self) -> bool:
        """Whether the state is final."""
        return self.state in _FINAL


class Executions:
    """Every query of this rig, and the threads that run them."""

    def __init__(self, carry_out: Callable[[Execution], None]) -> None:
        self._carry_out = carry_out
        self._all: dict[str, Execution] = {}
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(_RUNNING_AT_ONCE, thread_name_prefix="query")

    def start(self, execution: Execution) -> None:
        """Queues a query. Refuses when too many are active, as Athena does."""
        with self._lock:
            if sum(not known.is_over for known in self._all.values()) >= _ACTIVE_AT_MOST:
                raise InvalidRequestError(
                    "You have exceeded the limit for the number of queries you can run"
                    " concurrently. Please reduce the number of concurrent queries submitted by"
                    " this account.",
                    type_="TooManyRequestsException",
                )
            self._all[execution.id] = execution
        running = self._threads.submit(self._run, execution)
        running.add_done_callback(lambda done: self._confess(execution, done))

    def get(self, query_id: str) -> Execution:
        """The query with this id."""
        if query_id not in self._all:
            raise InvalidRequestError(f"QueryExecution {query_id} was not found")
        return self._all[query_id]

    def forget(self, execution: Execution) -> None:
        """Takes back a query whose text was refused."""
        self._all.pop(execution.id, None)

    def ids(self, workgroup: str) -> list[str]:
        """Ids of the queries of a work group, newest first."""
        return [e.id for e in reversed(list(self._all.values())) if e.workgroup.name == workgroup]

    def stop(self, execution: Execution) -> None:
        """Asks for a query's end; one that is over stays as it is."""
        execution.is_stopped = True
        if execution.state == "QUEUED":
            self._end(execution, "CANCELLED", "Query cancelled by user")

    def shutdown(self) -> None:
        """Asks for the end of all queries."""
        for execution in list(self._all.values()):
            execution.is_stopped = True
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _run(self, execution: Execution) -> None:
        if execution.is_over:
            return
        execution.started = time.time()
        execution.state = "RUNNING"
        try:
            self._carry_out(execution)
            self._end(execution, "SUCCEEDED")
        except InvalidRequestError as refusal:
            execution.refusal = refusal
            self._end(execution, "FAILED", str(refusal))
        except QueryCancelledError as cancelled:
            self._end(execution, "CANCELLED", str(cancelled))
        except QueryFailedError as failure:
            execution.error = failure.athena_error()
            self._end(execution, "FAILED", failure.reason)

    def _confess(self, execution: Execution, done: Future[None]) -> None:
        """Where the rig itself made a mistake, the query says so and the traceback is shown."""
        if done.cancelled() or (broken := done.exception()) is None:
            return
        failure = QueryFailedError(f"RIG_ERROR: {type(broken).__name__}: {broken}", category=1)
        execution.error = failure.athena_error()
        self._end(execution, "FAILED", failure.reason)
        traceback.print_exception(broken)

    @staticmethod
    def _end(execution: Execution, state: str, reason: str | None = None) -> None:
        execution.ended = time.time()
        execution.reason = reason
        execution.state = state
        if state == "FAILED":
            seconds = execution.ended - execution.submitted
            print(
                f"rig: query {execution.id} FAILED after {seconds:.1f} s: {reason}\n"
                f"{execution.statement.text[:4000]}\n",
                file=sys.stderr,
                flush=True,
            )
        execution.accepted.set()
        execution.finished.set()
