"""Finds the runs that the Nova evaluation container, or lighteval itself, left in a source.

Decides which files are a run's; the reading is in `run`. The container is built on lighteval
and writes the same files in other directories, so one reader serves both.
"""

from __future__ import annotations

from pathlib import Path

from ingest.errors import SourceError
from ingest.formats.details import open_details
from ingest.formats.nodes import OpenedRun, join_nodes
from ingest.formats.recipe import read_recipe
from ingest.formats.results import read_results
from ingest.formats.run import NovaRun
from ingest.formats.tree import RunFiles, group_files, single_file
from ingest.raw import ReadOptions
from ingest.sources import Source
from ingest.sources.source import LOOKED_FOR


def has_nova_files(source: Source) -> bool:
    """Whether names in a source are those of results, details or inference output."""
    return bool(group_files(source.files, context=source.context))


def find_nova_runs(source: Source, *, options: ReadOptions) -> list[NovaRun]:
    """The runs of a source, sorted by directory and time.

    Raises:
        SourceError: no file of an evaluation among those of the source.
        FormatError: a file that is not what its name says.
        RecipeError: the recipe cannot be used.
    """
    recipe = None if options.recipe is None else read_recipe(options.recipe)
    found = group_files(source.files, context=source.context)
    if not found and [file.path for file in source.files] == [Path(source.uri).name]:
        # the caller named this one file, so its own name need not say what it is
        found = [single_file(source.files[0], context=source.context)]
    if not found:
        raise SourceError(
            f"no {LOOKED_FOR} in it",
            where=source.uri,
            do="give the folder or output.tar.gz of an evaluation job",
        )
    opened = join_nodes([_open(files, source) for files in found], sha256=source.sha256)
    return [NovaRun(run, source=source, options=options, recipe=recipe) for run in opened]


def _open(files: RunFiles, source: Source) -> OpenedRun:
    results = [
        read_results(source.local_path(file.path), source_file=file.path, limits=source.limits)
        for file in sorted(files.results, key=lambda file: file.path)
    ]
    details = [
        open_details(
            source.local_path(entry.file.path),
            source_file=entry.file.path,
            task_key=entry.task_key,
            limits=source.limits,
        )
        for entry in files.details
    ]
    return OpenedRun(files, results, details)
