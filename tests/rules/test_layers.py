"""Imports go one way: evallake -> landing -> {formats, examples, lake} -> ... -> errors.

`tables` and `raw` are declarations without code that runs: they stand below every room.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.tree import imported_modules, python_files

# A floor may import what stands on the floors below it, and its own room, never a neighbour.
FLOORS: dict[str, int] = {
    "ingest.shown": -1,
    "ingest.errors": 0,
    "ingest.memory": 0,
    "ingest.parallel": 0,
    "ingest.columns": 0,
    "ingest.timing": 0,
    "ingest.user_cache": 0,
    "ingest.tables": 1,
    "ingest.raw": 1,
    "ingest.aws": 1,
    "ingest.sources": 2,
    "ingest.parsing": 2,
    "ingest.formats": 3,
    "ingest.examples": 3,
    "ingest.lake": 3,
    "ingest.landing": 4,
    "evallake": 5,
}
LAZY = {
    "awswrangler",
    "boto3",
    "botocore",
    "dbt",
    "great_expectations",
    "matplotlib",
    "moto",
    "pandas",
    "s3transfer",
}


def room_of(module: str) -> str | None:
    """The room a module belongs to; None for anything that is not ours."""
    matches = [room for room in FLOORS if module == room or module.startswith(f"{room}.")]
    return max(matches, key=len, default=None)


FILES = python_files("ingest", "evallake")


@pytest.mark.parametrize("path", FILES, ids=str)
def test_no_arrow_back_up(path: Path) -> None:
    own = room_of(".".join(path.with_suffix("").parts).removesuffix(".__init__"))
    if own is None:
        assert path == Path("ingest/__init__.py")
        return
    for module in imported_modules(path):
        other = room_of(module)
        if other is None or other == own:
            continue
        assert FLOORS[other] < FLOORS[own], f"{path}: {own} must not import {module}"


def test_every_room_has_a_floor() -> None:
    rooms = {
        ".".join(path.parts[:2]).removesuffix(".py") for path in FILES if path.parts[0] == "ingest"
    }
    assert rooms - {"ingest.__init__"} <= set(FLOORS)


@pytest.mark.parametrize("path", python_files("ingest"), ids=str)
def test_ingest_needs_no_heavy_library_at_import(path: Path) -> None:
    tops = {module.split(".")[0] for module in imported_modules(path, lazily=False)}
    assert not tops & LAZY, f"{path} imports {sorted(tops & LAZY)}"
