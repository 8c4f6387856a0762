"""Writes the sample judge job: its archive, its recipe and its truth, beside the other jobs'."""

from __future__ import annotations

import json
import tempfile
from datetime import timedelta
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from evallake.demo.examples import make_examples
from evallake.demo.jobs import DATASET_NAME, TOP_LOGPROBS, DemoJob, in_container_order
from evallake.demo.judge import TASK_KEY, aggregate, details_batch, judge, truth_table
from evallake.demo.profiles import LITE, MICRO
from evallake.demo.results_file import recipe, results, stamp
from evallake.demo.run_files import FINISHED_AT, pack
from evallake.demo.tickets import make_tickets

MOST_JUDGED = 500
"""Tickets that are judged (count); with fewer examples, all of them."""
RUN_NAME = "support-tickets-judge"
JUDGE_MODEL = "nova-pro"


def write_judge_job(folder: Path, *, examples: int = 2000, seed: int = 0) -> DemoJob:
    """Writes the judge's job below `folder`; answers are those of `write_demo_jobs`.

    Args:
        examples, seed: as for `write_demo_jobs`.
    """
    tickets = in_container_order(make_tickets(examples, seed=seed))
    answers = [
        list(islice(make_examples(tickets, profile, seed=seed, top=TOP_LOGPROBS), MOST_JUDGED))
        for profile in (LITE, MICRO)
    ]
    judgments = judge(*answers, seed=seed)
    finished_at = FINISHED_AT + timedelta(days=2, seconds=977)
    job_name = f"{RUN_NAME}-{finished_at - timedelta(minutes=19):%Y-%m-%d-%H-%M-%S}-031"
    archive = folder / job_name / "output" / "output.tar.gz"
    truth = folder / "truth" / f"{job_name}.parquet"
    recipe_path = folder / "recipes" / f"{job_name}.yaml"
    for path in (archive, truth, recipe_path):
        path.parent.mkdir(parents=True, exist_ok=True)
    time = stamp(finished_at, has_offset=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".writing-") as scratch:
        run = Path(scratch) / RUN_NAME
        output = run / "eval_results"
        details = output / "details" / "model" / time / f"details_{TASK_KEY}_{time}.parquet"
        details.parent.mkdir(parents=True)
        pq.write_table(pa.Table.from_batches([details_batch(judgments)]), details)
        content = results(
            {TASK_KEY: aggregate(judgments, seed=seed)},
            rows={TASK_KEY: len(judgments)},
            model_path="nova-pro/prod",
            seconds=round(63.25 + 0.41 * len(judgments), 3),
        )
        (output / f"results_{time}.json").write_text(
            json.dumps(content, indent=2), encoding="utf-8"
        )
        pack(run, archive, written_at=finished_at)
    pq.write_table(truth_table(judgments), truth)
    recipe_path.write_text(
        recipe(
            run_name=RUN_NAME,
            model=JUDGE_MODEL,
            model_path="nova-pro/prod",
            top=0,
            task="llm_judge",
        ),
        encoding="utf-8",
    )
    return DemoJob(
        job_name=job_name,
        model=JUDGE_MODEL,
        dataset=DATASET_NAME,
        source=archive,
        recipe=recipe_path,
        truth=truth,
        examples=len(judgments),
    )
