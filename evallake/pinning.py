"""The loads that a build is about, fixed once: read from the log, kept beside the published file.

The lake's own snapshots are replaced by whoever ingests, also in the middle of a build. So a build
writes them again for itself, into a folder where nobody replaces them, and reads those: what was
visible at one event of the log, the same in every model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ingest.errors import StoreError
from ingest.lake import Lake, Load, LocalStore
from ingest.lake.snapshots import write_snapshots


@dataclass(frozen=True, slots=True)
class Pin:
    """The state of a lake at one event of its log."""

    loads: tuple[Load, ...]
    folder: Path
    """Where `loads` and `current_loads` lie as they lie in a lake."""

    @property
    def environment(self) -> Mapping[str, str]:
        """What tells the models' sources to read it."""
        return {"EVALLAKE_SNAPSHOTS": str(self.folder)}


def prepare(lake: Lake) -> None:
    """Have the lake say all that this version reads, and its snapshots all that the log says.

    Nothing is written where that is so already. LakeError where it is not, and may not be written.
    """
    lake.mend_schema_files()
    lake.refresh_snapshots(only_if_stale=True)


def pin(lake: Lake, folder: Path) -> Pin:
    """Look at the log and keep what it says in `folder`; StoreError where either is refused."""
    folding = lake.folding()
    loads = tuple(folding.loads.values())
    write_snapshots(LocalStore(folder), loads, sequence=folding.sequence)
    return Pin(loads, folder)


def refuse_vacuumed(lake: Lake, loads: Iterable[Load]) -> None:
    """Raise where a vacuum took files of loads that a build has read: it may have missed rows.

    A vacuum tells the log before it removes anything, so that whatever the log does not say after
    a build was whole when it was read.

    Args:
        lake: looked at anew.
        loads: what the build was about.

    Raises:
        StoreError: some of the loads that it showed are gone.
    """
    shown = {load.load_id for load in loads if load.state in ("current", "held")}
    now = lake.folding().loads.values()
    gone = sorted(load.job_id for load in now if load.state == "vacuumed" and load.load_id in shown)
    if gone:
        raise StoreError(
            f"a vacuum removed loads of {', '.join(gone)} while they were read",
            where=lake.root,
            do="build again, and give vacuum a --grace longer than any build takes",
        )
