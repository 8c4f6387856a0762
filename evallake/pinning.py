"""The loads that a build is about, fixed once: read from the log, kept beside the published file.

The lake's own snapshots are replaced by whoever ingests, also in the middle of a build. So a build
writes them again for itself, into a folder where nobody replaces them, and reads those: what was
visible at one event of the log, the same in every model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

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
