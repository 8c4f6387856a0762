"""What the program says it does, for people who run it and for machines that watch it.

Lines of JSON or of text on stderr, one per event, off unless asked for. Rooms log through
`logging.getLogger(__name__)`, an event in a few words and its facts as `extra`; here is decided how
that looks and where it goes, and nothing else. Only our own rooms are listened to: what AWS's
library logs of its requests would hold signatures.

Secrets never leave: whatever looks like one, or is one of this process's own, is masked.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from ingest.shown import masked, visible

FORMATS = ("text", "json")
ROOMS = ("evallake", "ingest")

_PLAIN = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
"""Attributes that every record has: all others are facts of the event."""


def facts(record: logging.LogRecord) -> dict[str, Any]:
    """What the event's `extra` says, in its order."""
    return {name: value for name, value in vars(record).items() if name not in _PLAIN}


class JsonLines(logging.Formatter):
    """One JSON object a line: at_utc, level, room, event, then the event's facts."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        line: dict[str, Any] = {
            "at_utc": _time(record),
            "level": record.levelname.lower(),
            "room": record.name,
            "process": record.process,
            "event": record.getMessage(),
            **facts(record),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return masked(json.dumps(line, ensure_ascii=False, default=str))


class TextLines(logging.Formatter):
    """The same for people: time, level, room, event, and the facts as name=value."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        told = "".join(f" {name}={_value(value)}" for name, value in facts(record).items())
        head = f"{_time(record)} {record.levelname.lower():<7} {record.name}: "
        line = head + visible(record.getMessage() + told)
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return masked(line)


class _Lines(logging.StreamHandler[Any]):
    """Our handler: found again by its class, so that nothing has to be remembered."""

    def __init__(self, form: str) -> None:
        super().__init__(sys.stderr)
        self.form = form
        self.setFormatter(JsonLines() if form == "json" else TextLines())


@contextmanager
def logs(form: str | None, verbose: int) -> Iterator[None]:
    """Have our rooms' events written to stderr as long as this is open.

    Args:
        form: text or json; None leaves the log off unless `verbose` asks for it, as text.
        verbose: 0 and 1: what happened to loads and tables; 2: every stage and call too.
    """
    if form is None and not verbose:
        yield
        return
    handler = _Lines(form or "text")
    level = logging.DEBUG if verbose > 1 else logging.INFO
    rooms = [logging.getLogger(room) for room in ROOMS]
    before = [(room.level, room.propagate) for room in rooms]
    for room in rooms:
        room.addHandler(handler)
        room.setLevel(level)
        room.propagate = False  # dbt has a handler of its own at the root
    try:
        yield
    finally:
        for room, (level, propagate) in zip(rooms, before, strict=True):
            room.removeHandler(handler)
            room.setLevel(level)
            room.propagate = propagate


def log_format() -> str | None:
    """The form in which events are being written now; None while they are not."""
    for handler in logging.getLogger(ROOMS[0]).handlers:
        if isinstance(handler, _Lines):
            return handler.form
    return None


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, dict):
        return ",".join(f"{name}:{_value(item)}" for name, item in value.items()) or "none"
    text = str(value)
    return text if re.fullmatch(r"[^\s\"=]+", text) else json.dumps(text, ensure_ascii=False)
