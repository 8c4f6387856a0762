"""Trino's statement protocol, with values as Trino wrote them.

Decides how a statement is sent, followed, watched and cancelled. Keeps the raw JSON values: Athena
shows them as text, and a detour through Python's types would lose digits and time zones.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import urllib3

from tests.athena.rig.configuration import CATALOG

Progress = Callable[["Answer"], None]


class TrinoFailedError(Exception):
    """Trino refused or failed a statement."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        self.name: str = error.get("errorName", "GENERIC_INTERNAL_ERROR")
        self.type: str = error.get("errorType", "INTERNAL_ERROR")
        location = error.get("errorLocation")
        self.message: str = error.get("message", "no message")
        if location and not self.message.startswith("line "):
            where = f"line {location['lineNumber']}:{location['columnNumber']}"
            self.message = f"{where}: {self.message}"
        super().__init__(f"{self.name}: {self.message}")

    @property
    def is_parse_error(self) -> bool:
        """Whether the text is no SQL at all, which Athena refuses before it queues anything."""
        return self.name == "SYNTAX_ERROR" and any(
            mark in self.message
            for mark in ("mismatched input", "extraneous input", "no viable", "backquoted")
        )


@dataclass(slots=True)
class Answer:
    """What is known about a statement so far."""

    query_id: str = ""
    state: str = "QUEUED"
    columns: list[dict[str, Any]] = field(default_factory=list)
    """Trino's column descriptions, each with `name` and `typeSignature`."""
    scanned_bytes: int = 0
    """Bytes read from storage."""
    planning_millis: int = 0
    queued_millis: int = 0
    update_count: int | None = None
    next_uri: str | None = None


class TrinoClient:
    """Sends statements to one Trino over connections that stay open."""

    def __init__(self, url: str, *, why_silent: Callable[[], str] = lambda: "") -> None:
        """`why_silent` gives what is known, such as a log, should Trino not answer."""
        self._url = url
        self._why_silent = why_silent
        # Asking again is safe but for POST: a second one would be a second statement.
        again = urllib3.Retry(2, backoff_factor=0.2, allowed_methods={"GET", "DELETE"})
        self._pool = urllib3.PoolManager(maxsize=32, timeout=urllib3.Timeout(60), retries=again)

    def pages(
        self,
        sql: str,
        *,
        schema: str | None = None,
        session: Mapping[str, str] | None = None,
        progress: Progress | None = None,
    ) -> Iterator[tuple[Answer, list[list[Any]]]]:
        """The statement's answer after each step, with the rows that came with it.

        `progress` sees each answer first and may raise to abandon the statement, which is then
        cancelled. Raises `TrinoFailedError` when Trino fails it.
        """
        answer = Answer()
        body = self._call("POST", f"{self._url}/v1/statement", sql.encode(), schema, session)
        try:
            while True:
                self._read(body, answer)
                if progress:
                    progress(answer)
                yield answer, body.get("data") or []
                if answer.next_uri is None:
                    return
                body = self._call("GET", answer.next_uri)
        finally:
            if answer.next_uri is not None:
                self._pool.request("DELETE", answer.next_uri)

    def execute(self, sql: str, *, schema: str | None = None) -> list[list[Any]]:
        """All rows of a statement."""
        return [row for _, rows in self.pages(sql, schema=schema) for row in rows]

    def _call(
        self,
        method: str,
        url: str,
        body: bytes | None = None,
        schema: str | None = None,
        session: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        headers = {"X-Trino-User": "athena", "X-Trino-Source": "rig"}
        if method == "POST":
            headers |= {"X-Trino-Catalog": CATALOG, "X-Trino-Time-Zone": "UTC"}
            if schema:
                headers["X-Trino-Schema"] = schema
            if session:
                pairs = (f"{key}={quote(value)}" for key, value in session.items())
                headers["X-Trino-Session"] = ",".join(pairs)
        while True:
            try:
                response = self._pool.request(method, url, body=body, headers=headers)
            except urllib3.exceptions.HTTPError as silent:
                message = f"Trino does not answer: {silent}\n{self._why_silent()}"
                raise TrinoFailedError({"message": message}) from silent
            if response.status == 200:
                body_read: dict[str, Any] = json.loads(response.data)
                return body_read
            if response.status not in (502, 503, 504):
                text = response.data.decode(errors="replace")[:500]
                raise TrinoFailedError({"message": f"HTTP {response.status} from Trino: {text}"})

    @staticmethod
    def _read(body: Mapping[str, Any], answer: Answer) -> None:
        answer.query_id = body["id"]
        answer.next_uri = body.get("nextUri")
        answer.columns = body.get("columns") or answer.columns
        answer.update_count = body.get("updateCount", answer.update_count)
        stats = body["stats"]
        answer.state = stats["state"]
        answer.scanned_bytes = stats["physicalInputBytes"]
        answer.queued_millis = stats["queuedTimeMillis"]
        answer.planning_millis = stats.get("planningTimeMillis", 0)
        if "error" in body:
            answer.next_uri = None
            raise TrinoFailedError(body["error"])
