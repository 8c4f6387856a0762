"""One loopback server for S3, Glue, STS and SageMaker (moto) with the Athena API in front.

Decides which requests are Athena's. What moto does with the others is its own business, apart from
the gaps in its Glue (`glue_gaps.py`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from threading import Thread
from typing import Any

from tests.athena.rig.glue_gaps import close_gaps

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
AthenaHandler = Callable[[str, bytes], tuple[int, bytes] | None]
"""Takes an operation and its JSON; gives status and JSON, or None to leave it to moto."""

_ATHENA = "AmazonAthena."


class AwsServer:
    """Serves from a thread, on 127.0.0.1, from the moment it exists until `stop()`."""

    def __init__(self, *, port: int = 0) -> None:
        close_gaps()
        from moto.moto_server.werkzeug_app import (
            DomainDispatcherApplication,
            MotoRequestHandler,
            create_backend_app,
        )
        from werkzeug.serving import make_server

        class Quiet(MotoRequestHandler):
            """Speaks only of server errors: those are gaps in moto that somebody fell into."""

            def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
                if str(code).startswith("5"):
                    asked = self.headers.get("X-Amz-Target", self.requestline)
                    print(f"rig: HTTP {code} for {asked}", file=sys.stderr, flush=True)

        self._moto = DomainDispatcherApplication(create_backend_app)
        self._athena: AthenaHandler | None = None
        self._server = make_server(
            "127.0.0.1", port, self._answer, threaded=True, request_handler=Quiet
        )
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, daemon=True, name="aws")
        self._thread.start()

    def serve_athena(self, handler: AthenaHandler) -> None:
        """From now on, `handler` answers Athena's operations."""
        self._athena = handler

    def stop(self) -> None:
        """Stops serving. What was stored is gone with the process."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        if self._athena is not None and target.startswith(_ATHENA):
            import io

            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            answered = self._athena(target.removeprefix(_ATHENA), body)
            if answered is not None:
                status, text = answered
                reason = "OK" if status == 200 else "Bad Request"
                headers = [
                    ("Content-Type", "application/x-amz-json-1.1"),
                    ("Content-Length", str(len(text))),
                ]
                start_response(f"{status} {reason}", headers)
                return [text]
            environ["wsgi.input"] = io.BytesIO(body)
        return self._moto(environ, start_response)
