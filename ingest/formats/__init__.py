"""What a job's files mean: one reader per family of harnesses, all giving rows of one shape."""

from __future__ import annotations

from ingest.formats.bedrock import find_bedrock_runs
from ingest.formats.facts import with_training_job
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
    runs: list[Run] = [*find_bedrock_runs(source, options=options)]
    if not runs or has_nova_files(source):
        runs = [*find_nova_runs(source, options=options), *runs]
    if source.training_job is not None:
        for run in runs:
            run.facts = with_training_job(run.facts, source.training_job)
    return runs
