"""The rig: Trino on moto with the Athena API in front, started and stopped as one.

Decides the order of things and the environment that clients need. How long a rig lives is
`shared.py`'s business, or the terminal's (`__main__.py`).
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from types import TracebackType

from tests.athena.rig.api.operations import AthenaApi
from tests.athena.rig.api.storage import Catalogue, Objects
from tests.athena.rig.aws_server import AwsServer
from tests.athena.rig.configuration import ACCESS_KEY, REGION, SECRET_KEY, WAREHOUSE_BUCKET
from tests.athena.rig.install import install
from tests.athena.rig.trino_client import TrinoClient
from tests.athena.rig.trino_server import TrinoServer

DEFAULT_HEAP = "3g"


class Rig:
    """A running rig, from the moment `start()` returns until `stop()`; also a context manager."""

    def __init__(
        self,
        folder: Path | None = None,
        *,
        heap: str = DEFAULT_HEAP,
        aws_port: int = 0,
        trino_port: int = 0,
    ) -> None:
        self._scratch = tempfile.TemporaryDirectory(prefix="rig-") if folder is None else None
        self.folder = folder or Path(self._scratch.name)  # type: ignore[union-attr]
        self._heap = heap
        self._aws_port = aws_port
        self._trino_port = trino_port

    def start(self) -> Rig:
        """Fetches Trino if need be, starts everything and waits until it answers."""
        installation = install()
        self.aws = AwsServer(port=self._aws_port)
        Objects().create_bucket(WAREHOUSE_BUCKET)
        Catalogue().create_database("default")
        self.trino = TrinoServer(
            installation, self.folder, aws_url=self.aws.url, heap=self._heap, port=self._trino_port
        )
        self.trino.start()
        try:
            self.trino.wait_until_ready()
        except BaseException:
            self.trino.stop()
            self.aws.stop()
            raise
        client = TrinoClient(self.trino.url, why_silent=self.trino.log_tail)
        client.execute("SELECT 1")  # the first statement loads classes for a second or two
        self.athena = AthenaApi(client)
        self.aws.serve_athena(self.athena)
        return self

    def stop(self) -> None:
        """Ends queries, Trino and the server; what was stored is gone."""
        self.athena.shutdown()
        self.trino.stop()
        self.aws.stop()
        if self._scratch:
            self._scratch.cleanup()

    def environment(self) -> dict[str, str]:
        """Variables that lead every AWS client, and Trino's, to this rig."""
        return {
            "AWS_ENDPOINT_URL": self.aws.url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "TRINO_URL": self.trino.url,
            "EVALLAKE_RIG_TRINO_LOG": str(self.trino.log),
            "EVALLAKE_RIG_PIDS": f"{os.getpid()} {self.trino.pid}",
        }

    def __enter__(self) -> Rig:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
