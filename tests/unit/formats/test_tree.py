from __future__ import annotations

import time

import pytest

from ingest.formats.tree import RunFiles, group_files, single_file
from ingest.sources import SourceFile

OLD = "2025-06-26T22-02-09.817675"
NEW = "2025-11-06T17-58-52.783156+00-00"
KEY = "custom|gen_qa_gen_qa|0"


def group(*paths: str, context: str = "") -> list[RunFiles]:
    return group_files([SourceFile(path, 1) for path in paths], context=context)


def counts(run: RunFiles) -> tuple[int, int, int]:
    return len(run.results), len(run.details), len(run.inference)


@pytest.mark.parametrize(
    "prefix",
    [
        "run/eval_results",
        "run/eval-results",
        "run/eval-result",
        "run/eval_result",
        "job/output/output/run/eval_results",
        "run/eval_results/run",
    ],
)
def test_every_spelling_of_the_output_directory(prefix: str) -> None:
    [run] = group(
        f"{prefix}/results_{NEW}.json",
        f"{prefix}/inference_output.jsonl",
        f"{prefix}/details/model/{NEW}/details_{KEY}_{NEW}.parquet",
    )
    assert counts(run) == (1, 1, 1)
    assert run.run_name == "run"
    assert run.is_nova
    assert run.details[0].task_key == KEY
    assert run.timestamp is not None
    assert run.timestamp.compact == "20251106T175852Z"


def test_a_run_directory_called_none_names_no_run() -> None:
    [run] = group(f"job/output/output/None/eval_results/results_{NEW}.json")
    assert run.run_name is None


@pytest.mark.parametrize(
    ("context", "prefix"),
    [
        ("/data/out/run", "eval_results/"),
        ("/data/out/run/eval_results", ""),
        ("/data/results/run/eval_results", ""),
    ],
)
def test_a_path_into_the_middle_of_a_tree(context: str, prefix: str) -> None:
    [run] = group(
        f"{prefix}results_{NEW}.json",
        f"{prefix}details/model/{NEW}/details_{KEY}_{NEW}.parquet",
        context=context,
    )
    assert counts(run) == (1, 1, 0)
    assert run.run_name == "run"


def test_a_path_to_the_innermost_directory() -> None:
    context = f"/data/run/eval_results/details/model/{NEW}"
    [run] = group(f"details_{KEY}_{NEW}.parquet", context=context)
    assert counts(run) == (0, 1, 0)
    assert run.run_name == "run"


def test_an_archive_unpacked_over_an_earlier_run_holds_two() -> None:
    base = "run/eval_results"
    old, new = group(
        f"{base}/results_{OLD}.json",
        f"{base}/results_{NEW}.json",
        f"{base}/details/model/{OLD}/details_{KEY}_{OLD}.parquet",
        f"{base}/details/model/{NEW}/details_{KEY}_{NEW}.parquet",
        f"{base}/inference_output.jsonl",
    )
    assert counts(old) == (1, 1, 0)
    assert counts(new) == (1, 1, 1), "the later run overwrote the inference output"
    assert old.timestamp is not None
    assert old.timestamp.is_naive


def test_runs_of_several_directories_stay_apart() -> None:
    runs = group(f"a/eval_results/results_{NEW}.json", f"b/eval_results/results_{NEW}.json")
    assert [run.run_name for run in runs] == ["a", "b"]


def test_lighteval_keeps_results_and_details_beside_each_other() -> None:
    [run] = group(
        f"runs/results/openai/model/results_{OLD}.json",
        f"runs/details/openai/model/{OLD}/details_{KEY}_{OLD}.parquet",
        f"runs/details/openai/model/{OLD}/details_custom|mmlu_zs_cot:anatomy|0_{OLD}.parquet",
    )
    assert counts(run) == (1, 2, 0)
    assert (run.run_name, run.model_directory, run.is_nova) == ("runs", "openai/model", False)


def test_two_models_in_one_lighteval_directory_are_two_runs() -> None:
    runs = group(
        f"runs/results/one/results_{OLD}.json",
        f"runs/results/two/results_{OLD}.json",
        f"runs/details/one/{OLD}/details_{KEY}_{OLD}.parquet",
        f"runs/details/two/{OLD}/details_{KEY}_{OLD}.parquet",
    )
    assert [(run.model_directory, counts(run)) for run in runs] == [
        ("one", (1, 1, 0)),
        ("two", (1, 1, 0)),
    ]


def test_an_undated_results_file_belongs_to_the_only_run() -> None:
    base = "run/eval_results"
    details = f"{base}/details/model/{NEW}/details_{KEY}_{NEW}.parquet"
    for name in ("result-timestamp.json", "results.json", "metrics.json"):
        [run] = group(f"{base}/{name}", details)
        assert counts(run) == (1, 1, 0)


def test_a_copy_of_the_results_called_metrics_is_not_read_twice() -> None:
    [run] = group(f"run/eval_results/results_{NEW}.json", "run/eval_results/metrics.json")
    assert [file.path for file in run.results] == [f"run/eval_results/results_{NEW}.json"]


def test_quoted_names_are_understood() -> None:
    quoted = "details_custom%7Cmmlu_zs_cot%3Aanatomy%7C0_" + NEW.replace("+", "%2B")
    [run] = group(f"run/eval_results/details/model/{NEW}/{quoted}.parquet")
    assert run.details[0].task_key == "custom|mmlu_zs_cot:anatomy|0"


def test_shards_in_one_directory_are_one_run() -> None:
    base = f"run/eval_results/details/model/{NEW}"
    [run] = group(f"{base}/details_{KEY}_{NEW}_0.parquet", f"{base}/details_{KEY}_{NEW}_1.parquet")
    assert [entry.task_key for entry in run.details] == [KEY, KEY]


def test_other_files_belong_to_no_run() -> None:
    assert group("truth.parquet", "data.jsonl", "results_of_mine.json") == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [("x.parquet", (0, 1, 0)), ("x.jsonl", (0, 0, 1)), ("x.json", (1, 0, 0))],
)
def test_a_file_that_the_caller_names_is_read_whatever_it_is_called(
    name: str, expected: tuple[int, int, int]
) -> None:
    assert counts(single_file(SourceFile(name, 1), context="/data")) == expected


def test_many_runs_are_grouped_in_time() -> None:
    """Tens of thousands of runs, in a directory each and all in one: nothing is quadratic."""
    stamps = [f"2025-11-06T{n // 3600:02}-{n // 60 % 60:02}-{n % 60:02}" for n in range(20_000)]
    paths = [f"run-{stamp}/eval_results/results_{stamp}.json" for stamp in stamps]
    paths += [f"one/eval_results/results_{stamp}.json" for stamp in stamps]
    paths += [f"one/eval_results/inference_output_{stamp}.jsonl" for stamp in stamps]
    started = time.process_time()
    runs = group_files([SourceFile(path, 1) for path in paths], context="")
    assert len(runs) == 40_000
    assert time.process_time() - started < 20
