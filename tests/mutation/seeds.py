"""Small, whole job outputs in every form that readers know: what the mutator starts from."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from evallake.demo.examples import Example, make_examples
from evallake.demo.profiles import MICRO
from evallake.demo.run_files import write_run
from evallake.demo.tickets import make_tickets
from tests.fixtures.container_trees import (
    GEN_QA,
    SHAPES,
    Row,
    jsonl_line,
    results,
    write_details,
    write_results,
)
from tests.fixtures.judges import (
    BEDROCK_SUMMARY,
    FORMS,
    RUBRIC_TASK,
    TASK,
    bedrock_line,
    details_table,
    rubrics,
    votes,
    write_bedrock,
    write_job,
)
from tests.fixtures.known_truth import RUN, VARIATIONS
from tests.fixtures.other_tasks import write_benchmark, write_rft_eval

_EXAMPLES = 5
_PASSES = [("A", "A"), ("B", "tie"), ("error", "B"), ("tie", "tie")]


def write_seeds(folder: Path) -> list[Path]:
    """Writes one output below `folder` for each form; their folders, sorted by name."""
    examples = list(make_examples(make_tickets(_EXAMPLES, seed=7), MICRO, seed=7, top=3))
    _write_nova(folder, examples)
    _write_generations(folder)
    _write_judges(folder)
    write_rft_eval(folder / "rft", rows=_EXAMPLES)
    write_benchmark(folder / "benchmark", rows=_EXAMPLES)
    lines = [json.dumps(bedrock_line(n, Helpfulness=n, Correctness=0.5)) for n in range(3)]
    write_bedrock(folder / "bedrock", lines, BEDROCK_SUMMARY)
    write_bedrock(folder / "bedrock_rows_alone", lines, None)
    return sorted(folder.iterdir())


def _write_nova(folder: Path, examples: list[Example]) -> None:
    for name, variation in VARIATIONS.items():
        run = write_run(folder / name, examples, names=RUN, layout=variation.layout)
        shutil.rmtree(run / "tensorboard_results", ignore_errors=True)


def _write_generations(folder: Path) -> None:
    rows = [Row(f"query {number}") for number in range(_EXAMPLES)]
    for name, shape in SHAPES.items():
        output = folder / f"tree_{name}" / "run" / "eval_results"
        write_details(output, shape([*rows, rows[0]]))
        write_results(output, results({GEN_QA: _EXAMPLES + 1}))
        lines = "".join(jsonl_line(row) for row in rows)
        (output / "inference_output.jsonl").write_text(lines)


def _write_judges(folder: Path) -> None:
    passes = [votes(forward, backward) for forward, backward in _PASSES]
    for form in FORMS:
        reported = {"winrate": 0.5, "winrate_stderr": 0.1}
        table = details_table(passes, form=form)
        write_job(folder / f"judge_{form}", table, task=TASK, results=reported, documents=4)
        table = details_table(rubrics(3), form=form)
        write_job(folder / f"rubric_{form}", table, task=RUBRIC_TASK)
