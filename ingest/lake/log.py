"""The log on a store: reading events in order, and appending one so that nobody is overwritten.

Event n + 1 is created exclusively. Whoever finds the number taken reads who took it: itself, when
an earlier try went through unnoticed, or another, and then tries the next number. Events are
immutable and are never removed, so a number once taken stays taken, however late a writer comes;
those read once are kept. What events mean is decided in `ingest.lake.fold`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from ingest.errors import LakeError, OutcomeUnknownError, StoreError
from ingest.lake.events import LogEvent, from_json, to_json
from ingest.lake.layout import LOG, event_key, event_sequence
from ingest.lake.store import Store
from ingest.parallel import each

log = logging.getLogger(__name__)


class Log:
    """The lake's log. Not shared between threads; any number of processes may append."""

    def __init__(self, store: Store, *, after: int = 0) -> None:
        """
        Args:
            store: where the lake is.
            after: number of an event that is there; it and those before it are not read.
        """
        self._store = store
        self._after = after
        self._events: list[tuple[int, LogEvent]] = []

    def known(self, *, after: int = 0) -> tuple[tuple[int, LogEvent], ...]:
        """Events read or written so far, with their numbers, ascending; asks nothing of the store.

        Args:
            after: leaves out this one and those before it.
        """
        return tuple(self._events[max(after - self._after, 0) :])

    def events(self, *, after: int = 0) -> tuple[tuple[int, LogEvent], ...]:
        """Like `known`, after reading new ones from the store."""
        listed = self._store.keys(LOG, after=event_key(self._last) if self._last else None)
        numbers = {event_sequence(key) for key in listed}
        wanted = range(self._last + 1, max(numbers, default=self._last) + 1)
        for number in wanted:
            # A listing may show a file and not one that was made just before it, meanwhile.
            if number not in numbers and not self._store.exists(event_key(number)):
                raise LakeError(
                    f"event {number} is missing from the log",
                    where=event_key(number),
                    do="restore this file from a backup; the lake is not read past a gap",
                )
        keys = [event_key(number) for number in wanted]
        contents = each(self._store.read, keys, at_once=self._store.at_once)
        for key, content in zip(keys, contents, strict=True):
            self._events.append((self._last + 1, from_json(content, key=key)))
        return self.known(after=after)

    def append(self, event: LogEvent, *, unless: Callable[[], None] | None = None) -> int:
        """Add `event` after the last one; its number.

        Args:
            event: what happened.
            unless: called before each try, when every event so far is known, and raises where
                they forbid this one. Whoever is quicker after that takes its number, so nothing
                comes between the look and the event.

        Raises StoreError when it was certainly not added, OutcomeUnknownError when the store
        did not say.
        """
        content = to_json(event)
        self.events()
        while True:
            if unless is not None:
                unless()
            sequence = self._last + 1
            created = self._create(sequence, content, event.event_id)
            if created:
                self._events.append((sequence, event))
                _tell(sequence, event)
                return sequence
            if self._read(sequence).event_id == event.event_id:
                _tell(sequence, event)
                return sequence
            log.debug("another process was quicker", extra={"sequence": sequence})

    @property
    def _last(self) -> int:
        return self._events[-1][0] if self._events else self._after

    def _create(self, sequence: int, content: bytes, event_id: str) -> bool:
        """Whether this call made the event; after a refusal, look whether it did after all."""
        key = event_key(sequence)
        try:
            return self._store.create(key, content)
        except StoreError:
            try:
                is_there = self._store.exists(key)
                is_own = is_there and from_json(self._store.read(key), key=key).event_id == event_id
            except StoreError as silence:
                raise OutcomeUnknownError(
                    "the store did not say whether the event was written",
                    where=key,
                    do="run the command again: it finds out, and completes what is missing",
                ) from silence
            if is_own:
                return True
            raise

    def _read(self, sequence: int) -> LogEvent:
        key = event_key(sequence)
        event = from_json(self._store.read(key), key=key)
        self._events.append((sequence, event))
        return event


def _tell(sequence: int, event: LogEvent) -> None:
    """What the lake's log says now, in the log of this process."""
    about = ("job_id", "load_id", "reason")
    told = {name: getattr(event, name) for name in about if getattr(event, name, None) is not None}
    kind = getattr(event, "kind", type(event).__name__.lower())
    log.info(f"{kind}: event {sequence} of the lake's log", extra=told)
