"""One Trino process: started, waited for, stopped.

Decides what "ready" means and how long is too long. Trino ends with the process that started it,
however that ends (`Launch.java`), and only this process is ever signalled.
"""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.athena.rig.configuration import TrinoSettings, write_configuration
from tests.athena.rig.errors import TrinoDiedError
from tests.athena.rig.install import Installation

_START_SECONDS = 180
_STOP_SECONDS = 10
_LAUNCH = Path(__file__).with_name("Launch.java")


class TrinoServer:
    """A Trino on the loopback interface, reading S3 and Glue at `aws_url`."""

    def __init__(
        self,
        installation: Installation,
        folder: Path,
        *,
        aws_url: str,
        heap: str,
        port: int = 0,
    ) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "trino.log"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._installation = installation
        write_configuration(
            folder / "etc",
            TrinoSettings(port=self.port, aws_url=aws_url, heap=heap),
            plugins=installation.home / "plugin",
        )

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Starts the process and returns at once; `wait_until_ready` waits."""
        etc = self._folder / "etc"
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    self._installation.java,
                    f"@{etc / 'jvm.config'}",
                    "-cp",
                    f"{self._installation.home / 'lib'}/*",
                    f"-Dconfig={etc / 'config.properties'}",
                    str(_LAUNCH),
                    self._installation.version,
                ],
                cwd=self._folder,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def wait_until_ready(self) -> None:
        """Returns when Trino takes statements. Raises `TrinoDiedError` when it never will."""
        assert self._process is not None, "start() comes first"
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            code = self._process.poll()
            if code is not None:
                raise TrinoDiedError(
                    f"Trino ended with code {code} while starting.\n{self.log_tail()}"
                )
            if self._answers():
                return
            time.sleep(0.2)
        raise TrinoDiedError(f"Trino was not ready after {_START_SECONDS} s.\n{self.log_tail()}")

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/v1/info", timeout=2) as answer:
                return json.load(answer)["starting"] is False
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def log_tail(self, *, lines: int = 40) -> str:
        """The last lines of the log, or why there are none."""
        if not self.log.exists():
            return f"(no log at {self.log})"
        text = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join([f"--- the end of {self.log}", *(line[:300] for line in text[-lines:])])

    def stop(self) -> None:
        """Ends the process: politely, then at once. Calling it again does nothing."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin:
            process.stdin.close()  # Launch.java halts when its standard input ends
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """A port of the loopback interface that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
