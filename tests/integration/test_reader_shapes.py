"""The same documents in every form of the files come out as the same rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from ingest.formats.identity import example_key, item_key
from tests.fixtures.container_trees import (
    GEN_QA,
    SHAPES,
    Row,
    codes,
    jsonl_line,
    nova,
    read,
    results,
    runs_of,
    write_details,
    write_results,
)

ROWS = [
    Row("plain"),
    Row('it\'s "quoted"\n\\ and ▁ ünïcode 🎉', predictions=['it\'s \\n "so" 🎉']),
    Row("no metadata", metadata=None),
    Row("no system prompt", system=None),
    Row("no answer", predictions=[""], logprobs=[[]]),
    Row("nested metrics", metrics={"em": 1, "g": {"lambda_reward_score": 0.25}}),
    Row("special", predictions=["<|begin_of_solution|>{}<|end_of_solution|>"]),
    Row("plain"),
]


def only(path: Path, **options: Any) -> Any:
    [run] = runs_of(path, **options)
    return run


@pytest.fixture(params=SHAPES)
def shape(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def land(tmp_path: Path, rows: list[Row], shape: str = "nova", **columns: Any) -> Any:
    directory = tmp_path / "run/eval_results"
    write_details(directory, SHAPES[shape](rows, **columns))
    write_results(directory, results({GEN_QA: len(rows)}))
    return only(tmp_path)


def test_identity_and_content_are_the_same_in_every_generation(tmp_path: Path, shape: str) -> None:
    found = read(land(tmp_path, ROWS, shape), max_bytes=700)
    assert [row["role"] for row in found] == ["landed"] * len(ROWS)
    assert [row["source_row"] for row in found] == list(range(len(ROWS)))
    for row, given in zip(found, ROWS, strict=True):
        assert row["example_key"] == example_key(given.system, given.query, given.golds)
        assert row["item_key"] == item_key(given.query, given.golds)
        assert row["system_prompt"] == given.system
        assert row["query"] == given.query
        assert row["gold_texts"] == given.golds
        assert row["predictions"] == given.predictions
        assert row["metadata_text"] == given.metadata
        assert (row["task_key"], row["task_name"], row["subtask"]) == (GEN_QA, "gen_qa", None)
    assert [row["repeat_index"] for row in found] == [0] * 7 + [1]


def test_metrics_are_the_same_in_every_generation(tmp_path: Path, shape: str) -> None:
    found = read(land(tmp_path, ROWS, shape))
    values = [
        {m["name"]: m["value"] for m in row["metrics"] if m["status"] == "ok"} for row in found
    ]
    assert values[0] == {"rouge1": 0.5, "em": 0.0}
    assert values[5] == {"em": 1.0, "lambda_reward_score": 0.25}


def test_log_probabilities_are_the_same_but_for_the_tokens(tmp_path: Path, shape: str) -> None:
    found = read(land(tmp_path, ROWS, shape))
    assert [row["logprobs_status"] for row in found] == ["ok"] * 4 + ["empty"] + ["ok"] * 3
    first = [position[0] for position in found[0]["logprobs"]]
    assert [candidate["logprob"] for candidate in first] == [-0.25, -0.5]
    tokens = ["▁{", "}"] if shape == "nova" else [None, None]
    assert [candidate["token"] for candidate in first] == tokens


def test_several_gold_answers(tmp_path: Path, shape: str) -> None:
    [row] = read(land(tmp_path, [Row(golds=["a", "b"])], shape))
    assert row["gold_texts"] == ["a", "b"]
    assert row["example_key"] == example_key(
        "You are a classifier.", "Where is my order?", ["a", "b"]
    )


@pytest.mark.parametrize("metadata", ["plain words", '{"a": [1, 2]}', {"a": {"b": "c"}, "d": 1}])
def test_metadata_as_text_and_as_a_dict(tmp_path: Path, shape: str, metadata: Any) -> None:
    [row] = read(land(tmp_path, [Row(metadata=metadata)], shape))
    if isinstance(metadata, str):
        assert row["metadata_text"] == metadata
    else:
        assert json.loads(row["metadata_text"].replace("'", '"')) == metadata


@pytest.mark.parametrize("name", ["pred_logprobs", "pred_lobprobs", "pred_logits"])
def test_every_spelling_of_the_column(tmp_path: Path, name: str) -> None:
    texts = [repr(row.logprobs) for row in ROWS]
    columns = {"pred_logprobs": None, name: texts}
    found = read(land(tmp_path, ROWS, "nova", **columns))
    assert found[0]["logprobs"][0][0] == {"token": "▁{", "logprob": -0.25}


def test_probabilities_that_only_the_predictions_hold(tmp_path: Path) -> None:
    found = read(land(tmp_path, ROWS[:1], "strings", pred_logits=None))
    assert [p[0]["logprob"] for p in found[0]["logprobs"]] == [-0.25, -0.5]


def test_probabilities_per_choice_are_not_those_of_tokens(tmp_path: Path) -> None:
    table = SHAPES["structs"](ROWS[:1])
    response = table["model_response"].to_pylist()
    response[0]["output_tokens"] = []
    found = read(land(tmp_path, ROWS[:1], "structs", model_response=response))
    assert (found[0]["logprobs"], found[0]["logprobs_status"]) == (None, "absent")


@pytest.mark.parametrize(
    "gold",
    [["{}"], ["['{}']"], [["{}"]], pa.array(["{}"], pa.large_string())],
    ids=["text", "repr", "list", "large_string"],
)
def test_gold_as_text_its_repr_or_a_list(tmp_path: Path, gold: Any) -> None:
    [row] = read(land(tmp_path, [Row()], "nova", gold=gold))
    assert row["gold_texts"] == ["{}"]


def test_a_details_file_without_gold_or_query_columns(tmp_path: Path) -> None:
    [row] = read(land(tmp_path, [Row("ask")], "nova", gold=None, example=None, specifics=None))
    assert (row["gold_texts"], row["query"]) == (None, "ask")
    assert row["system_prompt"] == "You are a classifier.", "from the prompt's messages"


def test_twins_are_merged_and_bring_metadata(tmp_path: Path, shape: str) -> None:
    rows = [Row("a", metadata=None), Row("b"), Row("a", metadata=None)]
    directory = tmp_path / "run/eval_results"
    write_details(directory, SHAPES[shape](rows))
    lines = [Row("b"), Row("a", metadata="of a"), Row("a", metadata="of a")]
    (directory / "inference_output.jsonl").write_text("".join(map(jsonl_line, lines)))
    run = only(tmp_path)
    found = read(run)
    assert [row["role"] for row in found] == ["landed"] * 3 + ["merged"] * 3
    assert [row["metadata_text"] for row in found[:3]] == ["of a", '{"domain": "retail"}', "of a"]
    places = [(row["example_key"], row["repeat_index"]) for row in found]
    assert places[3:] == [places[1], places[0], places[2]]
    assert codes(run) == ["no_results_file"]


def test_lines_with_one_of_several_gold_answers_are_merged(tmp_path: Path, shape: str) -> None:
    rows = [
        Row(query, golds=["x", "y"], predictions=[answer], metadata=None)
        for query, answer in (("a", "1"), ("a", "2"), ("b", "1"))
    ]
    directory = tmp_path / "run/eval_results"
    write_details(directory, SHAPES[shape](rows))
    write_results(directory, results({GEN_QA: 3}))
    lines = [jsonl_line(row, metadata=f"of {row.predictions[0]}") for row in reversed(rows)]
    (directory / "inference_output.jsonl").write_text("".join(lines))
    run = only(tmp_path)
    found = read(run)
    assert [row["role"] for row in found] == ["landed"] * 3 + ["merged"] * 3
    assert [row["metadata_text"] for row in found[:3]] == ["of 1", "of 2", "of 1"]
    assert codes(run) == []


def test_lines_that_match_nothing_become_examples_and_are_found(tmp_path: Path) -> None:
    directory = tmp_path / "run/eval_results"
    write_details(directory, nova([Row("a")]))
    lines = [Row("a"), Row("new")]
    (directory / "inference_output.jsonl").write_text("".join(map(jsonl_line, lines)))
    write_results(directory, results({GEN_QA: 1}))
    run = only(tmp_path)
    assert [row["role"] for row in read(run)] == ["landed", "merged", "landed"]
    assert codes(run) == ["examples_extra", "jsonl_unmatched"]


def test_inference_output_alone_is_a_job(tmp_path: Path) -> None:
    directory = tmp_path / "run/eval_results"
    directory.mkdir(parents=True)
    (directory / "inference_output.jsonl").write_text("".join(map(jsonl_line, ROWS)))
    run = only(tmp_path)
    found = read(run)
    assert {row["role"] for row in found} == {"landed"}
    assert {row["logprobs_status"] for row in found} == {"absent"}
    assert found[1]["query"] == ROWS[1].query
    assert run.facts.harness == "nova"
    assert codes(run) == ["no_results_file"]


def test_results_alone_are_a_job_without_rows(tmp_path: Path) -> None:
    write_results(tmp_path / "run/eval_results", results({"custom|strong_reject_zs|0": 313}))
    run = only(tmp_path)
    assert read(run) == []
    assert (run.facts.task_name, run.facts.strategy) == ("strong_reject", "zs")
    assert run.facts.examples_expected == 313
    assert len(run.metrics) == 2


def test_documents_in_two_passes_with_other_metrics(tmp_path: Path) -> None:
    first = [Row(q, metrics={"em": 1, "rouge1": None}) for q in ("a", "b")]
    second = [Row(q, metrics={"em": None, "rouge1": 0.5}) for q in ("a", "b")]
    directory = tmp_path / "run/eval_results"
    write_details(directory, SHAPES["native"](first + second))
    write_results(directory, results({GEN_QA: 2}))
    run = only(tmp_path)
    found = read(run, max_bytes=600)
    assert [row["role"] for row in found] == ["landed"] * 2 + ["merged"] * 2
    assert [[(m["name"], m["value"]) for m in row["metrics"]] for row in found] == (
        [[("em", 1.0)]] * 2 + [[("rouge1", 0.5)]] * 2
    )
    assert [row["example_key"] for row in found[2:]] == [row["example_key"] for row in found[:2]]
    assert codes(run) == ["passes_merged"]


def test_plain_copies_are_duplicates(tmp_path: Path) -> None:
    run = land(tmp_path, ROWS[:2] * 3)
    write_results(tmp_path / "run/eval_results", results({GEN_QA: 2}))
    run = only(tmp_path)
    assert [row["role"] for row in read(run)] == ["landed"] * 2 + ["duplicate"] * 4
    assert codes(run) == ["duplicate_rows"]


def test_a_missing_shard_is_found(tmp_path: Path) -> None:
    directory = tmp_path / "run/eval_results"
    write_details(directory, nova(ROWS[:3]))
    write_results(directory, results({GEN_QA: 5}))
    run = only(tmp_path)
    assert len(read(run)) == 3
    assert codes(run) == ["examples_missing"]


@pytest.mark.parametrize("type_", [pa.binary(), pa.large_binary()])
def test_text_columns_of_bytes_are_read_as_text(
    tmp_path: Path, shape: str, type_: pa.DataType
) -> None:
    table = SHAPES[shape](ROWS)
    fields = [pa.field(field.name, as_bytes(field.type, type_)) for field in table.schema]
    of_bytes = pa.Table.from_arrays(
        [column.cast(field.type) for column, field in zip(table.columns, fields, strict=True)],
        schema=pa.schema(fields),
    )
    assert of_bytes.schema != table.schema
    for name, written in (("text", table), ("bytes", of_bytes)):
        write_details(tmp_path / name / "run/eval_results", written)
    assert read(only(tmp_path / "bytes")) == read(only(tmp_path / "text"))


def as_bytes(type_: pa.DataType, wanted: pa.DataType) -> pa.DataType:
    """The type with bytes wherever it has text."""
    if pa.types.is_string(type_):
        return wanted
    if pa.types.is_list(type_):
        return pa.list_(as_bytes(type_.value_type, wanted))
    if pa.types.is_struct(type_):
        return pa.struct([(field.name, as_bytes(field.type, wanted)) for field in type_])
    return type_


def test_extra_columns_are_ignored_and_said(tmp_path: Path) -> None:
    run = land(tmp_path, ROWS[:1], "nova", surprise=["x"])
    assert len(read(run)) == 1
    assert codes(run) == ["columns_ignored"]


def test_subtasks_are_tasks_of_their_own(tmp_path: Path) -> None:
    directory = tmp_path / "run/eval_results"
    keys = ["custom|mmlu_zs_cot:anatomy|0", "custom|mmlu_zs_cot:virology|0"]
    for key in keys:
        write_details(directory, nova([Row(key)]), key=key)
    write_results(directory, results(dict.fromkeys(keys, 1)))
    run = only(tmp_path)
    assert [(row["task_key"], row["task_name"], row["subtask"]) for row in read(run)] == [
        (keys[0], "mmlu", "anatomy"),
        (keys[1], "mmlu", "virology"),
    ]
    assert (run.facts.task_name, run.facts.strategy) == ("mmlu", "zs_cot")
    assert run.facts.examples_expected == 2


def test_facts_of_the_caller_and_the_recipe_come_first(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(
        "run: {replicas: 4, model_name_or_path: nova-pro-v1}\ninference: {top_p: 0.9}"
    )
    write_results(tmp_path / "run/eval_results", results({GEN_QA: 1}))
    facts = only(tmp_path, recipe=recipe, dataset="tickets", tags={"team": "a"}).facts
    assert (facts.model_name, facts.model_family) == ("nova-pro-v1", "nova-pro")
    assert (facts.replicas, facts.top_p, facts.dataset_name) == (4, 0.9, "tickets")
    assert facts.tags == {"team": "a"}
    assert (facts.evaluation_seconds, facts.run_name) == (101.5, "run")
    assert only(tmp_path).facts.model_name == "nova-lite-v2"
    assert only(tmp_path, recipe=recipe, model="mine").facts.model_name == "mine"
