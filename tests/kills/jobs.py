"""Files of evaluation jobs to ingest, written as the container writes them, and their truth.

Every job has versions: the same job run again, with other rows and another number of them. What a
version has to become is taken from one undisturbed ingest into a lake of its own, and that is held
against what was written here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq

from ingest.lake import Lake
from ingest.landing import IngestOptions, ingest_source
from tests.fixtures import container_trees as trees
from tests.fixtures import judges
from tests.fixtures.contents import Content, Reading

_LABELS = ("billing", "shipping", "returns", "other")


@dataclass(frozen=True, slots=True)
class Source:
    """One version of one job's output."""

    job_id: str
    folder: Path
    input_digest: str
    contents: dict[str, Content]
    """What it has to become, by table."""


def write_sources(folder: Path, *, jobs: int, versions: int, rows: int = 12) -> list[Source]:
    """Versions of so many jobs below `folder`; the last job is a judge's.

    Args:
        folder: empty.
        jobs: how many (count).
        versions: of each job (count).
        rows: examples of the smallest version (count).
    """
    sources = []
    for job in range(jobs):
        for version in range(versions):
            name = f"job-{job}"
            place = folder / name / f"version-{version}"
            size = rows + 3 * version + job
            if job == jobs - 1:
                _write_judge(place, size, version)
            else:
                _write_answers(place, size, version)
            sources.append(_landed_once(name, place, folder / "reference", size))
    return sources


def _write_answers(folder: Path, size: int, version: int) -> None:
    """A gen_qa job: every row has its twin in the JSONL file, where two lines are broken."""
    written = [_row(number, version) for number in range(size)]
    trees.write_details(folder / "run", trees.nova(written))
    trees.write_results(folder / "run", trees.results({trees.GEN_QA: size}))
    lines = [trees.jsonl_line(row) for row in written]
    (folder / "run" / "inference_output.jsonl").write_text(
        "".join([*lines, "{ broken\n", "neither\n"]), encoding="utf-8"
    )


def _row(number: int, version: int) -> trees.Row:
    said = f'{{"class": "{_LABELS[(number + version) % 4]}"}}'
    pieces = ["{", '"class"', ":", f'▁"{_LABELS[(number + version) % 4]}"', "}"]
    return trees.Row(
        query=f"Ticket {number} of version {version}: what is it about?",
        golds=[f'{{"class": "{_LABELS[number % 4]}"}}'],
        predictions=[said],
        metadata=json.dumps({"domain": _LABELS[number % 3], "number": number}),
        logprobs=[[{piece: -0.01 * (number + 1), "other": -4.5} for piece in pieces]],
    )


def _write_judge(folder: Path, size: int, version: int) -> None:
    rows = [
        {**row, "justification": f"version {version}"} for row in judges.rubrics(size + version)
    ]
    judges.write_job(folder, judges.details_table(rows), task=judges.RUBRIC_TASK)


def _landed_once(job_id: str, folder: Path, reference: Path, size: int) -> Source:
    """The source with its truth: one ingest that nobody disturbs."""
    root = reference / f"{job_id}-{folder.name}"
    lake = Lake.open(str(root), create=True)
    (result,) = ingest_source(
        str(folder),
        lake,
        options=IngestOptions(job_id=job_id, workers=1),
        now=lambda: datetime.now(UTC),
    )
    load = lake.current()[job_id]
    contents = Reading().contents(root, load)
    _check_truth(root, folder, contents, size)
    assert result.accounting.read > 0
    return Source(job_id, folder, load.facts.input_digest, contents)


def _check_truth(root: Path, folder: Path, contents: dict[str, Content], size: int) -> None:
    """Whether the undisturbed ingest landed what was written."""
    if "judgments" in contents:
        assert contents["judgments"].rows >= size
        return
    details = next(folder.rglob("details_*.parquet"))
    asked = sorted(pq.read_table(details)["example"].to_pylist())
    landed: list[str] = []
    for part in (root / "examples").rglob("part-*.parquet"):
        landed += pq.ParquetFile(part).read(columns=["query"])["query"].to_pylist()
    assert sorted(landed) == asked
    assert contents["rejects"].rows == 2


def by_digest(sources: Sequence[Source]) -> dict[str, dict[str, Content]]:
    """What input of each digest has to become."""
    return {source.input_digest: source.contents for source in sources}
