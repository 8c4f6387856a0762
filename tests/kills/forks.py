"""A warm process that forks one child per order and kills it at a given instant.

Starting Python and loading kernels takes seconds; a fork takes milliseconds, and the child is in
the state that a fresh process is in once its imports are done. `Forks` is the side that asks;
`python -m tests.kills.forks` is the side that forks, with an order per line on its standard input
and an answer per line on its standard output.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.kills.tracing import WRITES, Death, trace
from tests.kills.verbs import Order, carry_out

REPOSITORY = Path(__file__).parents[2]
CRASHED = 99


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of one child."""

    was_killed: bool
    exit_code: int
    """Of a child that was not killed: 0, or as of the error that it met."""
    said: str
    """The outcome, the error in a line, or a traceback where it crashed."""
    seconds: float
    """From the fork to its end."""
    store_calls: tuple[str, ...]
    """`> put_file examples/...` and `< put_file examples/...`, as begun and ended."""
    changes: int
    """On the disk (count)."""

    @property
    def writes(self) -> int:
        """Writing calls to the store that were begun (count)."""
        begun = [call.split() for call in self.store_calls if call.startswith(">")]
        return sum(name in WRITES for _, name, *_ in begun)

    @property
    def has_crashed(self) -> bool:
        """Whether it met an error that nobody expects."""
        return not self.was_killed and self.exit_code == CRASHED


class Forks:
    """The process that forks; use as a context manager."""

    def __init__(self, *, environment: Mapping[str, str] | None = None) -> None:
        """
        Args:
            environment: variables of the children besides this process's own.
        """
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.kills.forks"],
            cwd=REPOSITORY,
            env=os.environ | dict(environment or {}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Forks:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def carry_out(self, order: Order, death: Death | None = None) -> Answer:
        """Have a child do it, killed as `death` says; what became of it."""
        asked = {"order": order.document(), "death": asdict(death) if death else None}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the process that forks has ended")
        told = json.loads(line)
        calls = told.pop("told").splitlines()
        return Answer(
            store_calls=tuple(call for call in calls if call != "s"),
            changes=calls.count("s"),
            **told,
        )


def serve() -> None:
    """Fork a child for every order, until there are no more."""
    _warm()
    for line in sys.stdin:
        asked = json.loads(line)
        death = Death(**asked["death"]) if asked["death"] else None
        print(json.dumps(_run(Order(**asked["order"]), death)), flush=True)


def _warm() -> None:
    """Load what every verb needs by doing each once, in a lake that goes again."""
    from tests.kills.jobs import write_sources

    with tempfile.TemporaryDirectory(prefix="evallake-warm-") as folder:
        sources = write_sources(Path(folder, "jobs"), jobs=2, versions=1)
        for verb in ("ingest", "force", "compact", "drop", "restore", "vacuum"):
            for source in sources:
                carry_out(
                    Order(
                        verb=verb,
                        root=str(Path(folder, "lake")),
                        job_id=source.job_id,
                        source=str(source.folder),
                    )
                )


def _run(order: Order, death: Death | None) -> dict[str, Any]:
    told, said = os.memfd_create("told"), os.memfd_create("said")
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        exit_code = CRASHED
        try:
            exit_code = _live(order, death, told, said)
        finally:  # nothing of this process must go on in the child
            if exit_code == CRASHED:
                os.write(said, traceback.format_exc().encode())
            os._exit(exit_code)
    if death is not None and death.instant == "time":
        ended = os.pidfd_open(child)
        readable, _, _ = select.select([ended], [], [], death.at)
        os.close(ended)
        if not readable:
            os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return {
        "was_killed": os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL,
        "exit_code": os.waitstatus_to_exitcode(status),
        "said": _content(said),
        "told": _content(told),
        "seconds": time.monotonic() - began,
    }


def _live(order: Order, death: Death | None, told: int, said: int) -> int:
    """The child's whole life; its exit code."""
    from ingest.errors import IngestError

    try:
        trace(order.root, told, death)
        os.write(said, carry_out(order).encode())
    except IngestError as error:
        os.write(said, f"{type(error).__name__}: {error}".encode())
        return error.exit_code
    return 0


def _content(descriptor: int) -> str:
    with os.fdopen(descriptor, "rb") as file:
        file.seek(0)
        return file.read().decode(errors="replace")


if __name__ == "__main__":
    serve()
