"""Where the time of a piece of work went: seconds by stage.

Stages follow one another; nothing is counted per row. Knows nothing of what is timed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

log = logging.getLogger(__name__)


class StageClock:
    """Seconds of stages, each of which lasts until the next begins. For one thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """
        Args:
            clock: seconds that never go back.
        """
        self._clock = clock
        self._stage: str | None = None
        self._since = 0.0
        self._seconds: dict[str, float] = {}

    def begin(self, stage: str) -> None:
        """From now on it is `stage`; the one before is over. The same again goes on."""
        if stage != self._stage:
            self.end()
            self._stage, self._since = stage, self._clock()

    def end(self) -> None:
        """The stage is over, and no other begins."""
        if self._stage is not None:
            seconds = self._clock() - self._since
            self._seconds[self._stage] = self._seconds.get(self._stage, 0.0) + seconds
            log.debug("stage over", extra={"stage": self._stage, "seconds": round(seconds, 6)})
            self._stage = None

    def take(self) -> dict[str, float]:
        """Seconds of each stage since the last call, in the order in which they ended."""
        self.end()
        taken, self._seconds = self._seconds, {}
        return taken
