"""What a lake asks of a catalogue, where SQL engines look up its tables.

A catalogue is told of a load's partitions before the load's event, so that no visible load is
ever missing from it; that it also knows loads which never became visible, or no longer are, does
no harm: queries join the log's snapshot of visible loads. A local lake has none, DuckDB reads its
folders. Which catalogue there is, and in whose words it is told, is decided in `ingest.lake.glue`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

from ingest.lake.fold import Load

OnStep = Callable[[int, int, str], None]
"""Told of steps done, steps in all, and what was just finished."""

TableAction = Literal["created", "changed", "unchanged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableChange:
    """What became of one table of the catalogue."""

    table: str
    action: TableAction
    columns_added: tuple[str, ...] = ()
    """Columns that the lake has and the registered table had not."""
    partitions: int | None = None
    """Partitions registered now (count). Null for a table without partitions."""
    partitions_added: int = 0
    partitions_mended: int = 0
    """Registered at another place or with other columns than they should be (count)."""
    partitions_removed: int = 0
    """Of loads that have been hidden for longer than the grace time, or never counted (count)."""


class Catalogue(Protocol):
    """Where SQL engines look up the lake's tables. Safe to use from one thread at a time.

    Every failed call raises StoreError; every call may be repeated.
    """

    @property
    def name(self) -> str:
        """What it is called, for people: `Glue database evallake_raw`."""
        ...

    def check(self) -> tuple[TableChange, ...]:
        """Have every lake table registered as declared; what had to be done for it.

        Missing tables are made, columns that are new in the lake are added. Raises StoreError,
        showing the difference, where a table is not the lake's or has columns that contradict it.
        """
        ...

    def verify(self) -> None:
        """Raise StoreError unless every lake table is registered with all its columns.

        For readers, who may not be allowed to mend it: changes nothing.
        """
        ...

    def register_load(self, job_id: str, load_id: str, *, tables: Iterable[str]) -> None:
        """Make a load's files findable, whether or not the load counts.

        Args:
            job_id: the load's job.
            load_id: the load.
            tables: names of the lake tables that it has files in.
        """
        ...

    def forget_load(self, job_id: str, load_id: str, *, tables: Iterable[str]) -> None:
        """Undo `register_load`; what is not registered is forgotten already."""
        ...

    def forget_loads(self, loads: Iterable[tuple[str, str]], *, tables: Iterable[str]) -> None:
        """The same for many loads at once, each a job's id and its own."""
        ...

    def tidy(self, loads: Callable[[], Iterable[Load]], *, now: datetime, grace: timedelta) -> int:
        """Forget loads that have been hidden for longer than `grace`; partitions removed (count).

        Args:
            loads: reads the log; asked again afterwards, and what came back meanwhile is
                registered again.
            now: aware.
            grace: longer than the longest build, which may still read what it pinned.
        """
        ...

    def rebuild(
        self,
        loads: Callable[[], Iterable[Load]],
        *,
        now: datetime,
        grace: timedelta,
        on_step: OnStep | None = None,
    ) -> tuple[TableChange, ...]:
        """Make the whole catalogue what lake and log say, whatever it was before."""
        ...


def is_registered(load: Load, *, now: datetime, grace: timedelta) -> bool:
    """Whether a catalogue should know `load`: it is visible, held, or hidden a short while ago."""
    if load.state == "vacuumed":
        return False
    return load.hidden_at_utc is None or now - load.hidden_at_utc < grace
