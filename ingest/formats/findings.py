"""What people should know about a run besides its rows. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ingest.formats.judging import is_judge_task
from ingest.formats.nodes import OpenedRun
from ingest.formats.pairing import TaskCount
from ingest.raw import Finding


@dataclass(slots=True)
class RowCounts:
    """What reading the rows added up to."""

    duplicates: int = 0
    merged_passes: int = 0
    unclaimed_twins: int = 0
    rejected: int = 0
    unreadable_metrics: int = 0
    unreadable_specifics: int = 0


def tree_findings(run: OpenedRun, *, refused: int) -> list[Finding]:
    """What the names and headers of a run's files say.

    Args:
        refused: entries of the archive or folder that were refused (count).
    """
    found: list[Finding] = []
    if refused:
        what = "links, devices or paths out of it"
        found.append(Finding("members_refused", f"{refused} members were refused: {what}"))
    files = run.files
    if files.timestamp is not None and files.timestamp.is_naive:
        found.append(
            Finding(
                "naive_timestamp",
                "the time in the file names has no offset and was taken as UTC",
            )
        )
    if len(run.results) > 1:
        found.append(
            Finding(
                "several_results_files",
                f"{len(run.results)} results files: aggregates were taken from "
                f"{run.results[-1].source_file}",
            )
        )
    if files.merged_timestamps:
        times = ", ".join(timestamp.compact for timestamp in files.merged_timestamps)
        found.append(
            Finding("nodes_joined", f"files of other nodes of the same run were joined: {times}")
        )
    if not run.results:
        found.append(Finding("no_results_file", "no results file: aggregates are not known"))
    with_rows = {details.task_key for details in run.details}
    for key in sorted({task.key for results in run.results for task in results.tasks}):
        if is_judge_task(key) and key not in with_rows:
            what = "no rows per prompt were written, so the container's aggregates are all there is"
            found.append(Finding("judgments_absent", f"{key}: {what}"))
    ignored = sorted({name for details in run.details for name in details.ignored})
    if ignored:
        listed = ", ".join(ignored[:20])
        found.append(Finding("columns_ignored", f"columns that nothing is known of: {listed}"))
    return found


def row_findings(
    counts: RowCounts,
    per_task: Sequence[TaskCount],
    *,
    task_keys: Sequence[str],
    expected: Mapping[str, int],
) -> list[Finding]:
    """What the rows say, once all of them have been read."""
    found: list[Finding] = []
    landed = {task_keys[count.task]: count.landed for count in per_task}
    for key, documents in expected.items():
        examples = landed.get(key, 0)
        if examples != documents and landed:
            code = "examples_missing" if examples < documents else "examples_extra"
            found.append(
                Finding(code, f"{key}: {examples} examples, the results file says {documents}")
            )
    said = (
        (counts.duplicates, "duplicate_rows", "rows are copies of others and brought nothing"),
        (counts.merged_passes, "passes_merged", "rows of later passes only added metrics"),
        (
            counts.unclaimed_twins,
            "jsonl_unmatched",
            "rows of inference output match no details row and became examples",
        ),
        (counts.rejected, "rows_rejected", "rows cannot be an example; see rejects"),
        (counts.unreadable_metrics, "metrics_unreadable", "examples have metrics that say nothing"),
        (
            counts.unreadable_specifics,
            "specifics_unreadable",
            "examples have specifics that say nothing: their metadata is not known",
        ),
    )
    found.extend(Finding(code, f"{count} {what}") for count, code, what in said if count)
    return found
