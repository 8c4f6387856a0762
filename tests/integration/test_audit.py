"""The audit names every planted fault, the genuine ones of lighteval, and nothing in clean reports."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sacrebleu.metrics.bleu import BLEU

from evallake.demo.details import TASK_KEY, Layout
from evallake.demo.examples import Example, make_examples
from evallake.demo.jobs import in_container_order
from evallake.demo.profiles import MICRO
from evallake.demo.run_files import RunNames, write_run
from evallake.demo.tickets import make_tickets
from ingest.lake import Lake
from ingest.landing import IngestOptions, ingest_source
from tests.fixtures.dbt import Dbt
from tests.fixtures.judges import RUBRIC_TASK, TASK, details_table, land_into, votes, write_job
from tests.fixtures.known_truth import NOW

ROWS = 150
SHARED = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "lighteval"
Results = dict[str, Any]
ROOT_1000 = 1000**0.5


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    tickets = in_container_order(make_tickets(ROWS, seed=11))
    return list(islice(make_examples(tickets, MICRO, seed=11, top=3), ROWS))


def correct_bleu(examples: list[Example]) -> tuple[float, float]:
    """Corpus BLEU as sacrebleu has it, and its bootstrap's standard error."""
    predictions, golds = [e.text for e in examples], [e.ticket.gold for e in examples]
    metric = BLEU(force=True)
    stats = np.array(metric._extract_corpus_statistics(predictions, [golds]))
    rng = np.random.default_rng(1)
    draws = rng.integers(0, len(stats), (300, len(stats)))
    scores = [metric._compute_score_from_stats(stats[d].sum(axis=0).tolist()).score for d in draws]
    return metric.corpus_score(predictions, [golds]).score, float(np.std(scores, ddof=1))


def edited(run: Path, change: Callable[[Results], None]) -> Path:
    for path in run.rglob("results_*.json"):
        content = json.loads(path.read_text(encoding="utf-8"))
        change(content)
        path.write_text(json.dumps(content), encoding="utf-8")
    return run


def planted(folder: Path, examples: list[Example]) -> Iterator[tuple[str, Path, dict[str, str]]]:
    """Name, source, and the findings by metric of jobs with a fault each, or none."""
    bleu, bleu_stderr = correct_bleu(examples)

    def job(name: str, change: Callable[[Results, Results], None], **layout: Any) -> Path:
        names = RunNames(run_name=name, model_path="m/prod")
        run = write_run(folder / name, examples, names=names, layout=Layout(**layout))

        def correct(content: Results) -> None:
            for values in content["results"].values():
                values |= {"bleu": bleu, "bleu_stderr": bleu_stderr}
            [config] = content["config_tasks"].values()
            change(content["results"], config)

        return edited(run, correct)

    def everywhere(**values: float) -> Callable[[Results, Results], None]:
        return lambda results, _: [task.update(values) for task in results.values()] and None

    def nothing(results: Results, config: Results) -> None:
        pass

    for generation in ("nova", "strings", "native", "structs"):
        yield f"clean-{generation}", job(f"clean-{generation}", nothing, generation=generation), {}
    yield (
        "one-row-bleu",
        job("one-row-bleu", everywhere(bleu=100.00000000000004, bleu_stderr=0.8)),
        {"bleu": "bleu_of_one_row stderr_too_small"},
    )
    yield (
        "small-stderr",
        job("small-stderr", everywhere(bleu_stderr=bleu_stderr / ROOT_1000)),
        {"bleu": "stderr_too_small"},
    )
    names = ["rouge1", "rouge2", "rougeL", "em", "qem", "f1", "f1_score_quasi", "bleu"]
    yield (
        "more-documents",
        job("more-documents", lambda _, config: config.update(effective_num_docs=ROWS + 7)),
        dict.fromkeys(names, "n_differs"),
    )
    yield "value", job("value", everywhere(f1=0.123)), {"f1": "value_differs"}
    yield "stderr", job("stderr", everywhere(rouge1_stderr=0.5)), {"rouge1": "stderr_differs"}
    shards = job("shards", nothing, shards=3)
    sorted(shards.rglob("details_*.parquet"))[0].unlink()
    yield "shards", shards, dict.fromkeys(names, "n_differs shards_missing")

    pairs = [("A", "A"), ("B", "tie"), ("A", "B"), ("B", "B"), ("error", "A"), ("tie", "A")] * 10
    rows = [votes(*pair) for pair in pairs]
    sums = {
        name: float(sum(r[name] for r in rows))
        for name in ("a_scores", "b_scores", "ties", "inference_error", "score")
    }
    spread = {
        name: float(np.std([r[name] for r in rows], ddof=1) * len(rows) ** 0.5) for name in sums
    }
    rates = {
        "winrate": sums["b_scores"] / (sums["a_scores"] + sums["b_scores"]),
        "lower_rate": 0.3,
        "upper_rate": 0.5,
    }
    for name, divisor, finding in (
        ("judge-clean", 1.0, {}),
        ("judge-small", ROOT_1000, dict.fromkeys(sums, "stderr_too_small")),
    ):
        reported = sums | rates | {f"{k}_stderr": v / divisor for k, v in spread.items()}
        yield (
            name,
            write_job(
                folder / name, details_table(rows), results=reported, documents=len(rows), run=name
            ),
            finding,
        )
    wrong = sums | {"winrate": 0.9}
    yield (
        "judge-rate",
        write_job(
            folder / "judge-rate",
            details_table(rows),
            results=wrong,
            documents=60,
            run="judge-rate",
        ),
        {"winrate": "value_differs"},
    )
    scored = [
        {
            "a_scores": 1,
            "weighted_score_A": 0.5,
            "weighted_score_B": 0.1 * (i % 5),
            "score_margin": 0.5 - 0.1 * (i % 5),
        }
        for i in range(20)
    ]
    yield (
        "judge-margin",
        write_job(
            folder / "judge-margin", details_table(scored), task=RUBRIC_TASK, run="judge-margin",
            results={"weighted_score_A": 0.5, "weighted_score_B": 0.2, "score_margin": -0.3},
        ),
        {"score_margin": "margin_reversed"},
    )  # fmt: skip
    yield "pooled", subtasks(folder / "pooled"), {"acc": "stderr_not_pooled"}


def subtasks(folder: Path) -> Path:
    """Two subtasks, and their mean with a mean of errors."""
    time = "2025-11-06T17-58-52.783156+00-00"
    output = folder / "pooled" / "eval_results"
    place = output / "details" / "model" / time
    place.mkdir(parents=True)
    results: Results = {}
    for name, n in (("a", 8), ("b", 12)):
        values = [float(i % 3 == 0) for i in range(n)]
        table = {
            "example": [f"{name} {i}" for i in range(n)],
            "gold": [["A"]] * n,
            "predictions": ["['A']"] * n,
            "metrics": [repr({"acc": value}) for value in values],
        }
        key = f"custom|mmlu_zs_cot:{name}|0"
        pq.write_table(pa.table(table), place / f"details_{key}_{time}.parquet")
        results[key] = {"acc": np.mean(values), "acc_stderr": np.std(values, ddof=1) / n**0.5}
    mean = {k: float(np.mean([r[k] for r in results.values()])) for k in ("acc", "acc_stderr")}
    content = {"results": results | {"custom|mmlu_zs_cot:_average|0": mean, "all": mean}}
    (output / f"results_{time}.json").write_text(json.dumps(content), encoding="utf-8")
    return folder / "pooled"


GENUINE = [
    "lighteval-0.7.0/runs",
    "lighteval-0.10.0/runs",
    "lighteval-0.13.0/runs",
    "nova-like/output.tar.gz",
]


@pytest.fixture(scope="module")
def audited(
    examples: list[Example], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Dbt, dict[str, tuple[str, dict[str, str]]]]:
    """A built lake; by name, the id and the planted findings of each job."""
    folder = tmp_path_factory.mktemp("audit")
    dbt = Dbt(folder)
    jobs = {
        name: (land_into(dbt.lake, source, job_id=name), findings)
        for name, source, findings in planted(folder / "files", examples)
    }
    if SHARED.is_dir():
        for place in GENUINE:
            lake = Lake.open(str(dbt.lake), create=True)
            options = IngestOptions(job_id=place.partition("/")[0])
            ingest_source(str(SHARED / place), lake, options=options, now=lambda: NOW)
    dbt("run", "--select", "+mart_metric_audit")
    return dbt, jobs


def found(dbt: Dbt, condition: str) -> list[tuple[object, ...]]:
    return dbt.rows(
        "select job_id, task_key, metric_name, findings from mart_metric_audit"
        f" where findings is not null and {condition} order by all"
    )


def test_every_planted_fault_is_named_and_nothing_else(audited: Any) -> None:
    dbt, jobs = audited
    wrong = {}
    for name, (job_id, findings) in jobs.items():
        said = {(row[1], row[2]): row[3] for row in found(dbt, f"job_id = '{job_id}'")}
        by_metric = {metric: text for (task, metric), text in said.items() if task != "all"}
        if by_metric != findings:
            wrong[name] = (by_metric, findings)
    assert wrong == {}


def test_clean_values_are_recomputed_to_the_last_digits(audited: Any) -> None:
    rows = audited[0].rows(
        "select job_id, metric_name, status, difference, stderr_ratio from mart_metric_audit"
        " where job_id like 'clean-%' and task_key <> 'all'"
    )
    assert len(rows) >= 30
    for job, metric, status, difference, ratio in rows:
        assert status == "recomputed", (job, metric)
        assert abs(difference) < 1e-9, (job, metric)
        assert ratio is None or ratio == pytest.approx(1, rel=0.2 if metric == "bleu" else 1e-9)


def test_what_cannot_be_recomputed_says_why(audited: Any) -> None:
    rows = audited[0].rows(
        "select metric_name, status from mart_metric_audit where job_id = 'judge-clean' and status <> 'recomputed'"
        " order by 1"
    )
    assert rows == [("lower_rate", "drawn at random"), ("upper_rate", "drawn at random")]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the genuine lighteval files are not here")
def test_the_genuine_files_of_lighteval(audited: Any) -> None:
    dbt, _ = audited
    rows = dbt.rows(
        "select distinct split_part(job_id, '-2026', 1), metric_name, findings, round(recomputed_value, 4)"
        " from mart_metric_audit where findings is not null"
        " and (job_id like 'lighteval%' or job_id like 'nova-like%') order by all"
    )
    one_row = ("bleu", "bleu_of_one_row stderr_too_small", 74.1899)
    average = ("mmlu_accuracy", "stderr_not_pooled", 0.65)
    assert rows == [
        ("lighteval-0.10.0", *one_row),
        ("lighteval-0.10.0", *average),
        ("lighteval-0.13.0", "bleu", "stderr_too_small", 74.1899),
        ("lighteval-0.13.0", *average),
        ("lighteval-0.7.0", *one_row),
        ("lighteval-0.7.0", *average),
        ("nova-like", *one_row),
    ]


def test_the_planted_tasks_are_the_containers(audited: Any) -> None:
    tasks = {row[0] for row in audited[0].rows("select distinct task_key from mart_metric_audit")}
    assert {TASK_KEY, TASK, RUBRIC_TASK} <= tasks
