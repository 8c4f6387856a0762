"""This machine: Python, installed packages, the dbt project, room on the disks, what reads S3."""

from __future__ import annotations

import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from evallake.config import Config
from evallake.doctor.verdicts import FAIL, OK, WARN, Finding, refused
from evallake.project import find_project
from ingest.errors import InputError

DISTRIBUTION = "evallake"
_LITTLE = 5 << 30
"""Less room than this on a disk is worth a word (bytes)."""
_TOO_LITTLE = 256 << 20
_SHOWN = 3


def look_at_machine(config: Config) -> Iterator[Finding]:
    """Everything that needs neither a lake nor a network."""
    yield python(sys.version_info[:3], metadata.metadata(DISTRIBUTION)["Requires-Python"])
    extras = ("", "aws") if config.is_remote else ("",)
    yield packages(metadata.requires(DISTRIBUTION) or [], extras)
    yield _project()
    yield from disks(config)
    if config.is_remote:
        yield _httpfs()


def python(version: tuple[int, ...], wanted: str) -> Finding:
    """Whether this Python is one that Evallake is made for."""
    from packaging.specifiers import SpecifierSet

    told = ".".join(map(str, version))
    if told in SpecifierSet(wanted):
        return Finding("python", OK, f"{told}, {platform.system()} {platform.machine()}")
    return Finding(
        "python", FAIL, f"{told} is not {wanted}", "install Evallake with another Python"
    )


def packages(requirements: list[str], extras: tuple[str, ...]) -> Finding:
    """Whether all that this installation needs is there, in versions that fit.

    Args:
        requirements: as package metadata names them.
        extras: whose requirements count; "" for those of the package itself.
    """
    from packaging.requirements import Requirement

    wanted = [Requirement(text) for text in requirements]
    wanted = [
        one
        for one in wanted
        if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in extras)
    ]
    wrong = []
    for one in wanted:
        try:
            found = metadata.version(one.name)
        except metadata.PackageNotFoundError:
            wrong.append(f"{one.name} is missing")
            continue
        if not one.specifier.contains(found, prereleases=True):
            wrong.append(f"{one.name} {found} is not {one.specifier}")
    if not wrong:
        version = metadata.version(DISTRIBUTION)
        return Finding("packages", OK, f"evallake {version}, {len(wanted)} packages that it needs")
    more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
    named = DISTRIBUTION + (f"[{extras[-1]}]" if extras[-1] else "")
    return Finding(
        "packages", FAIL, "; ".join(wrong[:_SHOWN]) + more, f"pip install --upgrade '{named}'"
    )


def _project() -> Finding:
    try:
        project = find_project()
    except InputError as error:
        return refused("dbt project", error)
    models = sum(1 for _ in (project.folder / "models").rglob("*.sql"))
    questions = sum(1 for _ in project.questions.glob("*.sql"))
    return Finding("dbt project", OK, f"{models} models, {questions} questions in {project.folder}")


def disks(config: Config) -> Iterator[Finding]:
    """Room where a build works and where an ingest writes its files first."""
    published = config.duckdb.stat().st_size if config.duckdb.is_file() else 0
    places = {"disk of builds": (_existing(config.duckdb.parent), 2 * published)}
    if config.is_remote:
        places["disk of ingests"] = (Path(tempfile.gettempdir()), 0)
    else:
        places["disk of the lake"] = (_existing(Path(config.root)), 0)
    for check, (folder, needed) in places.items():
        free = shutil.disk_usage(folder).free
        told = f"{free / 1e9:,.1f} GB free at {folder}"
        if free < max(_TOO_LITTLE, needed):
            yield Finding(check, FAIL, told, "free some space")
        elif free < _LITTLE + needed:
            yield Finding(check, WARN, told, "free some space before long")
        else:
            yield Finding(check, OK, told)


def _existing(folder: Path) -> Path:
    """The nearest folder that exists: where this one would be made."""
    while not folder.is_dir():
        folder = folder.parent
    return folder


def _httpfs() -> Finding:
    """Whether DuckDB can read S3 without fetching anything."""
    import duckdb

    from evallake.engines.s3 import packaged_httpfs

    version = duckdb.__version__
    if packaged_httpfs(version) is not None:
        return Finding("duckdb on s3", OK, f"DuckDB {version} with its packaged extension")
    with duckdb.connect() as connection:
        row = connection.execute(
            "select installed from duckdb_extensions() where extension_name = 'httpfs'"
        ).fetchone()
    if row is not None and row[0]:
        return Finding("duckdb on s3", OK, f"DuckDB {version} with an extension that it fetched")
    return Finding(
        "duckdb on s3",
        WARN,
        f"DuckDB {version} has to fetch what reads S3 at the first build",
        "where it must not: pip install 'evallake[aws]'",
    )
