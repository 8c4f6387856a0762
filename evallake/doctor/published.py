"""The DuckDB file that questions read: does it open, and which state of the lake is it of?"""

from __future__ import annotations

from collections.abc import Iterator

from evallake.build import BUILD_INFO, BuildOptions, inputs_of
from evallake.config import Config
from evallake.doctor.verdicts import FAIL, OK, WARN, Finding, refused
from evallake.engines.published import open_published
from evallake.errors import NotBuiltError
from evallake.project import find_project
from ingest.lake import Lake

_BUILD = "run: evallake build"


def look_at_published(config: Config, lake: Lake | None) -> Iterator[Finding]:
    """One finding; `lake` is None where it cannot be read."""
    import duckdb

    if not config.duckdb.is_file():
        yield Finding("published tables", WARN, f"{config.duckdb}: not built yet", _BUILD)
        return
    try:
        with open_published(config) as connection:
            rows = connection.execute(
                f"select lake_root, built_at_utc, loads_digest from {BUILD_INFO}"
            ).fetchall()
    except NotBuiltError as error:
        yield refused("published tables", error)
        return
    except duckdb.CatalogException:
        yield Finding(
            "published tables",
            WARN,
            f"{config.duckdb} does not say what it was built from: dbt made it by itself",
            _BUILD,
        )
        return
    if not rows:
        yield Finding("published tables", FAIL, f"{config.duckdb} is not finished", _BUILD)
        return
    root, built_at, digest = rows[0]
    told = f"{config.duckdb}, built {built_at:%Y-%m-%d %H:%M} UTC"
    if root != config.root:
        yield Finding("published tables", WARN, f"{told} from another lake, {root}", _BUILD)
    elif lake is None:
        yield Finding("published tables", OK, told)
    elif digest != _digest(lake):
        yield Finding("published tables", WARN, f"{told}; the lake has changed since", _BUILD)
    else:
        yield Finding("published tables", OK, f"{told} from all that the lake shows now")


def _digest(lake: Lake) -> str:
    """What a build of now would note of the lake."""
    return inputs_of(lake.root, lake.loads(), project=find_project(), options=BuildOptions()).loads
