"""The dbt project as dbt parsed it, kept on this machine: a new lake need not parse it again.

Parsing takes dbt some seconds of each build, and what comes of it is the same for every lake but
for one thing, the places of its files, which are put in anew. It is kept in the user's cache, by
everything else that decides it: the project's own files, the variables, the versions of dbt. What
is damaged, or does not look as expected, is not used; dbt then parses as ever.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

from evallake.project import Project
from ingest.user_cache import read_entry, remove_oldest, user_cache, write_entry

log = logging.getLogger(__name__)

KEPT = 4
"""Parsed projects that are kept: those that were used last (count)."""

_LOCATION = "external_location"


class ParsedProject:
    """One project parsed with one set of variables for databases of one name.

    Args:
        project: the models.
        variables: dbt variables over those of the project.
        environment: what the build sets: EVALLAKE_ROOT, EVALLAKE_DUCKDB and EVALLAKE_SNAPSHOTS.
    """

    def __init__(
        self, project: Project, *, variables: Mapping[str, Any], environment: Mapping[str, str]
    ) -> None:
        known = os.environ | environment
        parts = (
            project.digest(),
            str(project.folder),
            *_texts(project.folder / "profiles.yml", *(project.folder / "tests").rglob("*.sql")),
            json.dumps(dict(variables), sort_keys=True, default=str),
            Path(known["EVALLAKE_DUCKDB"]).stem,  # DuckDB names a database so, and dbt with it
            known.get("EVALLAKE_GLUE_DATABASE", ""),
            *(version(name) for name in ("dbt-core", "dbt-adapters", "dbt-common", "dbt-duckdb")),
        )
        name = hashlib.sha256("\0".join(parts).encode()).hexdigest()
        cache = user_cache()
        self._file = None if cache is None else cache / "evallake" / "parsed" / name
        root = known.get("EVALLAKE_ROOT", "lake")
        snapshots = known.get("EVALLAKE_SNAPSHOTS", root)
        self._places = [_place(snapshots), _place(root)]

    def manifest(self) -> Any:
        """dbt's `Manifest` for this lake; None where nobody parsed the project before."""
        found = self._read()
        if found is None:
            return None
        places, packed = found
        # dbt takes a second to import, and whoever builds has it already
        from dbt.contracts.graph.manifest import Manifest
        from dbt.parser.manifest import extended_mashumuro_decoder

        manifest = Manifest.from_msgpack(packed, decoder=extended_mashumuro_decoder)
        for meta in _locations(manifest):
            moved = _moved(meta[_LOCATION], places, self._places)
            if moved is None:
                return None
            meta[_LOCATION] = moved
        manifest.build_flat_graph()
        log.debug("the project was parsed before", extra={"file": str(self._file)})
        return manifest

    def keep(self, packed: Path) -> None:
        """Keep what dbt wrote when it parsed the project; where that cannot be, nothing happens.

        Args:
            packed: dbt's `partial_parse.msgpack` of a build with these very settings.
        """
        if self._file is None or not packed.is_file():
            return
        content = json.dumps(self._places).encode() + b"\n" + packed.read_bytes()
        if write_entry(self._file, content):
            remove_oldest(self._file.parent.iterdir(), KEPT)
        else:  # a full or read-only disk: it is parsed again next time
            log.info("the parsed project cannot be kept", extra={"file": str(self._file)})

    def _read(self) -> tuple[list[str], bytes] | None:
        """Places when it was parsed, and dbt's bytes; None where they are not there, or damaged."""
        content = None if self._file is None else read_entry(self._file)
        if self._file is None or content is None:
            return None
        with suppress(OSError):
            os.utime(self._file)  # it was used
        places, _, packed = content.partition(b"\n")
        return json.loads(places), packed


def _texts(*files: Path) -> Iterator[str]:
    """What they hold, in one order."""
    return (file.read_text(encoding="utf-8") for file in sorted(files))


def _place(root: str) -> str:
    """How a folder stands in the address of a source: see `models/staging/_lake__sources.yml`."""
    if "://" not in root and not re.match("/|[A-Za-z]:", root):
        root = f"{os.environ.get('PWD', '.')}/{root}"
    for character, written in (
        ("'", "''"), ("[", "[[]"), ("*", "[*]"), ("?", "[?]"), ("{", "{{"), ("}", "}}"),
    ):  # fmt: skip
        root = root.replace(character, written)
    return f"read_parquet('{root}/{{name}}/"


def _locations(manifest: Any) -> Iterator[dict[str, Any]]:
    """Every dictionary of the manifest's sources that holds an address, each of them once."""
    for source in manifest.sources.values():
        held = {id(meta): meta for meta in (source.meta, source.source_meta, source.config.meta)}
        yield from (meta for meta in held.values() if _LOCATION in meta)


def _moved(location: str, places: list[str], to: list[str]) -> str | None:
    """The address with one place for another; None where it begins with none of them."""
    for old, new in zip(places, to, strict=True):
        if location.startswith(old):
            return new + location.removeprefix(old)
    return None
