"""The lake that both engines build from: three big jobs, and everything awkward in small ones.

Written on disk by the very ingest that people use, then copied to S3 byte by byte: what differs
afterwards differs because of an engine.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.jobs import SMALL, write_job
from evallake.demo import write_demo_jobs
from evallake.demo.judge_job import write_judge_job
from evallake.validation.door import Door
from ingest.lake import Lake
from ingest.landing import IngestOptions, LandingResult, ingest_source
from ingest.raw import ReadOptions
from tests.fixtures.container_trees import (
    GEN_QA,
    SHAPES,
    Row,
    results,
    write_details,
    write_results,
)
from tests.fixtures.judges import RUBRIC_TASK, details_table, rubrics, votes
from tests.fixtures.judges import write_job as write_judged_job
from tests.fixtures.other_tasks import write_benchmark, write_rft_eval

BIG_JOBS = {"tickets-small": (21_000, 1), "tickets-large": (21_000, 1), "mails-small": (9_000, 2)}
"""Name, examples and seed: jobs of one seed answer the same questions."""
STARTED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def write_parity_lake(folder: Path) -> Path:
    """Write all jobs below `folder` and land them; the lake's folder."""
    lake = Lake.open(str(folder / "lake"), create=True)
    clock = _clock()
    door = Door(now=clock)
    for name, (examples, seed) in BIG_JOBS.items():
        source = write_job(folder / "big", rows=examples, shape=SMALL, seed=seed, name=name)
        model, dataset = f"model-{name.rpartition('-')[2]}", name.partition("-")[0]
        _land(lake, source, clock, check=door, job_id=name, model=model, dataset=dataset)
    demo = [
        *write_demo_jobs(folder / "demo", examples=300),
        write_judge_job(folder / "demo", examples=300),
    ]
    for job in demo:
        read = ReadOptions(model=job.model, dataset=job.dataset, recipe=job.recipe)
        options = IngestOptions(read=read)
        ingest_source(str(job.source), lake, options=options, now=clock, check=door)
    awkward = _awkward_jobs(folder / "awkward") | _judge_jobs(folder / "judged")
    for name, source in awkward.items():
        _land(lake, source, clock, check=door, job_id=name)
    # a load that is superseded by another, and a job that was dropped
    _land(lake, folder / "awkward" / "unicode", clock, check=door, job_id="unicode", force=True)
    lake.drop("dropped")
    # loads that fail a critical expectation: one is held, one was released
    for name in ("held", "released"):
        spoilt = _job(folder / "spoilt" / name, [Row(query=name, metrics={"f1": 61.5})])
        _land(lake, spoilt, clock, check=door, job_id=name)
    lake.release("released", reason="scores in percents, as agreed")
    return folder / "lake"


def upload(folder: Path, s3: Any, *, bucket: str, prefix: str) -> int:
    """Copy every file of a folder to S3; how many there were."""
    files = [path for path in folder.rglob("*") if path.is_file()]

    def put(path: Path) -> None:
        key = f"{prefix}/{path.relative_to(folder).as_posix()}"
        s3.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, files))
    return len(files)


def _awkward_jobs(folder: Path) -> dict[str, Path]:
    """Small jobs, each with a difficulty of its own; job ids and where they are."""
    write_rft_eval(folder / "rft-eval", rows=60)
    write_benchmark(folder / "benchmark", rows=40)
    jobs = {"rft-eval": folder / "rft-eval", "benchmark": folder / "benchmark"}
    for shape in SHAPES:
        jobs[f"shape-{shape}"] = _job(folder / f"shape-{shape}", _plain_rows(30), shape=shape)
    jobs["unicode"] = _job(folder / "unicode", _unicode_rows())
    jobs["repeats"] = _job(folder / "repeats", _plain_rows(25) * 4)
    jobs["no-confidence"] = _job(
        folder / "no-confidence", [replace(row, logprobs=[]) for row in _plain_rows(40)]
    )
    jobs["bad-answers"] = _job(folder / "bad-answers", _bad_rows())
    jobs["one-example"] = _job(folder / "one-example", _plain_rows(1))
    jobs["constant"] = _job(
        folder / "constant", [replace(_plain_rows(1)[0], query=f"q{i}") for i in range(15)]
    )
    jobs["dropped"] = _job(folder / "dropped", _plain_rows(5))
    jobs["damaged-rows"] = _job(
        folder / "damaged-rows",
        _plain_rows(6),
        predictions=[repr(["fine"]), "no list", "[1, 2]", "['unfinished", None, repr(["fine"])],
    )
    jobs["empty"] = _job(folder / "empty", [])
    return jobs


def _judge_jobs(folder: Path) -> dict[str, Path]:
    """Judges that score by criteria, that said little, and of whom only an aggregate is left."""
    one_side, repeated = (
        [votes("A", "A")] * 3,
        [votes("A", "B"), votes("B", "B"), votes("tie", "A")],
    )
    rows = {
        "judge-one-side": details_table(one_side),
        "judge-repeats": details_table(repeated).take([0, 1, 2, 0, 1]),
    }
    jobs = {
        name: write_judged_job(folder / name, details, run=name) for name, details in rows.items()
    }
    jobs["judge-rubric"] = write_judged_job(
        folder / "rubric", details_table(rubrics(40)), task=RUBRIC_TASK, run="judge-rubric"
    )
    jobs["judge-no-rows"] = write_judged_job(
        folder / "none", None, results={"a_scores": 16.0, "b_scores": 10.0}, run="judge-no-rows"
    )
    return jobs


def _plain_rows(count: int) -> list[Row]:
    chance = random.Random(count)
    rows = []
    for number in range(count):
        gold, said = chance.choice("ABC"), chance.choice("AABC")
        rows.append(
            Row(
                query=f"question {number} {'long ' * (number % 7 * 60)}",
                golds=[json.dumps({"class": gold, "note": "x" * (number % 5)})],
                predictions=[json.dumps({"class": said})],
                metadata=json.dumps({"domain": f"d{number % 3}", "level": number % 2}),
                metrics={"rouge1": number / max(count, 1), "f1": chance.random(), "em": 0},
                logprobs=[_position(text, chance) for text in ('{"class', '": "', said, '"}')],
            )
        )
    return rows


def _position(text: str, chance: random.Random) -> list[dict[str, float]]:
    return [{text: -chance.expovariate(2.0), "other": -3.0 - chance.random()}]


def _unicode_rows() -> list[Row]:
    labels = ("añb", "e\u0301te\u0301", "\u00e9t\u00e9", "😀", "日本", "\u0130x", "ß", "A")
    return [
        Row(
            query=f"{label} {number} ❓",
            golds=[json.dumps({"class": label}, ensure_ascii=number % 2 == 0)],
            predictions=[
                json.dumps({"class": labels[number * 3 % len(labels)]}, ensure_ascii=False)
            ],
            metadata=json.dumps({"domain": label, "leer": "", "größe": number % 2 == 0}),
            logprobs=[],
        )
        for number, label in enumerate(labels * 4)
    ]


def _bad_rows() -> list[Row]:
    answers = (
        *("", " ", "no json at all", '{"class": ', '{"class": "A"', '{"klass": "A"}', "[]", "null"),
        *('{"class": null}', '{"class": ["A"]}', '```json\n{"class": "A"}\n```', "I am not sure"),
        *('{"class": "A", "extra": {"deep": [1, 2.5, true, null]}}', "A", '{"class": 7}'),
        '{"class": "' + "A" * 5_000 + '"}',
    )
    return [
        Row(
            query=f"bad {number}",
            predictions=[answer],
            metadata=(None, "plain text", {"domain": ["a", "b"]}, '{"domain": null}')[number % 4],
            metrics={"rouge1": 0.5} if number % 2 else {},
        )
        for number, answer in enumerate(answers)
    ]


def _job(folder: Path, rows: list[Row], *, shape: str = "nova", **columns: Any) -> Path:
    output = folder / "run" / "eval_results"
    write_details(output, SHAPES[shape](rows, **columns))
    write_results(output, results({GEN_QA: len(rows)}))
    return folder


def _land(
    lake: Lake,
    source: Path,
    clock: Any,
    *,
    check: Door,
    job_id: str,
    model: str | None = None,
    dataset: str | None = None,
    force: bool = False,
) -> list[LandingResult]:
    options = IngestOptions(
        job_id=job_id,
        force=force,
        read=ReadOptions(model=model or f"model of {job_id}", dataset=dataset or "awkward"),
    )
    return ingest_source(str(source), lake, options=options, now=clock, check=check)


def _clock() -> Any:
    """A clock that goes on by a minute whenever it is looked at."""
    ticks: Iterator[int] = iter(range(10**9))
    return lambda: STARTED + timedelta(minutes=next(ticks))
