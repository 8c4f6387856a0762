"""One rig for a whole test run, whether it has one process or many.

Decides who starts it: the first process that asks; the others find it by its environment file. All
of them hold its leash, so it ends with the last of them.
"""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.athena.rig.environment_file import read_environment
from tests.athena.rig.errors import RigError
from tests.athena.rig.install import install
from tests.athena.rig.leash import hold

ENVIRONMENT_FILE = "EVALLAKE_RIG_ENV"
"""Names the environment file of a rig started by hand, to be used instead of a new one."""

_REPOSITORY = Path(__file__).resolve().parents[3]
_START_SECONDS = 240
_END_SECONDS = 900


@dataclass(frozen=True, slots=True)
class SharedRig:
    """A rig in a process of its own, and our hold on it."""

    variables: dict[str, str]
    """Leads AWS clients to the rig."""
    log: Path | None
    """What the rig says: failed statements with their errors. None for one started by hand."""
    held: socket.socket | None
    process: subprocess.Popen[bytes] | None
    """The rig's process in the process that started it."""

    def release(self) -> None:
        """Lets go of the rig; it ends when everybody has. Who started it sees it end."""
        if self.held:
            self.held.close()
        if self.process:
            self.process.wait(_END_SECONDS)


def shared_rig(folder: Path) -> SharedRig:
    """The rig of this test run, started if need be. `folder` is the same for all its processes.

    Raises `MissingToolError` without Java or Maven, `RigError` when it does not start.
    """
    by_hand = os.environ.get(ENVIRONMENT_FILE)
    if by_hand:
        return SharedRig(read_environment(Path(by_hand)), None, None, None)
    folder.mkdir(parents=True, exist_ok=True)
    where, log = folder / "env", folder / "rig.log"
    process = None
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not where.exists():
            install()  # here, so that what is missing is said by an exception
            process = _start(folder, where=where, log=log)
        variables = read_environment(where)
        held = hold(int(variables["EVALLAKE_RIG_LEASH"]))
    return SharedRig(variables, log, held, process)


def _start(folder: Path, *, where: Path, log: Path) -> subprocess.Popen[bytes]:
    command = [
        sys.executable,
        "-m",
        "tests.athena.rig",
        "--on-a-leash",
        f"--env-file={where}",
        f"--folder={folder}",
    ]
    with log.open("wb") as said:
        process = subprocess.Popen(
            command,
            cwd=_REPOSITORY,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for the tests; the rig follows its leash
        )
    deadline = time.monotonic() + _START_SECONDS
    while not where.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            process.wait()
            said_text = log.read_text(encoding="utf-8", errors="replace")
            raise RigError(f"The rig did not start.\n{said_text[-6000:]}")
        time.sleep(0.1)
    return process
