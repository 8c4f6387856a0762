"""What a job's files mean: one reader per family of harnesses, all giving rows of one shape."""

from __future__ import annotations

from ingest.formats.bedrock import find_bedrock_runs
from ingest.formats.nova import find_nova_runs, has_nova_files
from ingest.raw import ReadOptions, Run
from ingest.sources import Source

__all__ = ["find_runs"]


def find_runs(source: Source, *, options: ReadOptions) -> list[Run]:
    """The evaluation runs in a source, sorted by directory and time.

    The source must stay open as long as the runs are read.

    Raises:
        SourceError: nothing to read in it.
        FormatError: a file that is not what its name says.
        RecipeError: the recipe cannot be used.
    """
    rated: list[Run] = [*find_bedrock_runs(source, options=options)]
    if rated and not has_nova_files(source):
        return rated
    return [*find_nova_runs(source, options=options), *rated]
