"""Judge jobs land whole, whatever form their rows have; what cannot be understood is said."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest.errors import FormatError, InputError
from ingest.lake import Lake
from ingest.landing import IngestOptions, ingest_source
from tests.fixtures.judges import (
    BEDROCK_SUMMARY,
    FORMS,
    RUBRIC_TASK,
    TASK,
    Form,
    bedrock_line,
    details_table,
    land_rows,
    metrics_column,
    votes,
    write_bedrock,
    write_job,
)
from tests.fixtures.known_truth import NOW, Landed, land

PAIRS = [
    ("A", "A"),
    ("B", "B"),
    ("A", "B"),
    ("tie", "A"),
    ("tie", "tie"),
    ("error", "B"),
    ("error", "error"),
]
METADATA = ['{"topic": "x"}', '{"topic": "y"}'] * 3 + ["plain"]


def codes(landed: Landed) -> set[str]:
    return {finding.code for finding in landed.result.findings}


def verdicts(landed: Landed) -> list[tuple[object, ...]]:
    return landed.rows(
        "select forward_verdict, backward_verdict, forward_status, backward_status"
        " from judgments order by source_row"
    )


EXPECTED = [
    ("A", "A", "ok", "ok"),
    ("B", "B", "ok", "ok"),
    ("A", "B", "ok", "ok"),
    ("tie", "A", "ok", "ok"),
    ("tie", "tie", "ok", "ok"),
    (None, "B", "error", "ok"),
    (None, None, "error", "error"),
]


@pytest.mark.parametrize("is_shown", [True, False], ids=["places", "responses"])
@pytest.mark.parametrize("form", FORMS)
def test_both_passes_in_every_form(form: Form, is_shown: bool, tmp_path: Path) -> None:
    rows = [votes(*pair, is_shown=is_shown) for pair in PAIRS]
    landed = land_rows(tmp_path, rows, form=form, metadata=METADATA)
    assert landed.result.accounting.landed == landed.result.accounting.read == len(PAIRS)
    assert verdicts(landed) == EXPECTED
    found = landed.rows(
        "select a_votes, b_votes, tie_votes, error_votes, prompt, response_a, response_b"
        " from judgments order by source_row"
    )
    for row, (pair, values) in enumerate(zip(PAIRS, found, strict=True)):
        assert values[:4] == tuple(pair.count(side) for side in ("A", "B", "tie", "error"))
        assert values[4:] == (f"prompt {row}", f"answer A{row}", f"the answer B{row}")
    assert codes(landed) - {"no_results_file"} == {"inference_errors"}
    topics = "select metadata_key, metadata_value, count(*) from judgment_metadata group by all order by all"
    assert landed.rows(topics) == [("metadata", "plain", 1), ("topic", "x", 3), ("topic", "y", 3)]
    assert landed.rows("select count(*) from examples") == [(0,)]


def test_outputs_may_stand_in_predictions_alone(tmp_path: Path) -> None:
    rows = [{"a_scores": 2, "b_scores": 0, "ties": 0}, {"a_scores": 0, "b_scores": 1, "ties": 1}]
    said = [["A>B", "[[B>A]]"], ["A=B", "The first one.\n\nVerdict: A>B"]]
    landed = land_rows(tmp_path, rows, predictions=said)
    assert verdicts(landed) == [("A", "A", "ok", "ok"), ("tie", "B", "ok", "ok")]


def test_a_row_without_votes_votes_as_its_verdicts_say(tmp_path: Path) -> None:
    words = ("forward_output", "backward_output")
    rows = [
        votes("A", "B"),
        *({k: votes(*p)[k] for k in words} for p in (("B", "B"), ("tie", "error"))),
    ]
    landed = land_rows(tmp_path, rows)
    assert landed.rows(
        "select a_votes, b_votes, tie_votes, error_votes from judgments order by source_row"
    ) == [(1, 1, 0, 0), (0, 2, 0, 0), (0, 0, 1, 1)]


def test_a_backward_pass_that_may_mean_either_is_refused(tmp_path: Path) -> None:
    rows = [votes("A", "A"), votes("A", "A", is_shown=False), votes("B", "tie")]
    landed = land_rows(tmp_path, rows)
    assert verdicts(landed) == [
        ("A", None, "ok", "orientation_unknown"),
        ("A", None, "ok", "orientation_unknown"),
        ("B", "tie", "ok", "ok"),
    ]
    assert "orientation_unknown" in codes(landed)
    assert landed.rows("select sum(a_votes), sum(b_votes), sum(tie_votes) from judgments") == [
        (4, 1, 1)
    ]


def test_without_votes_nothing_tells_what_the_backward_pass_means(tmp_path: Path) -> None:
    landed = land_rows(tmp_path, [{"forward_output": "A>B", "backward_output": "A>B"}])
    assert verdicts(landed) == [("A", None, "ok", "orientation_unknown")]
    assert landed.rows("select a_votes, error_votes from judgments") == [(None, None)]


def test_unknown_words_are_rejected_or_marked_and_always_said(tmp_path: Path) -> None:
    rows = [
        votes("A", "B"),
        {**votes("A", "A"), "forward_output": "apples"},
        {"forward_output": "pears"},
        {},
    ]
    landed = land_rows(tmp_path, rows)
    assert verdicts(landed)[1] == (None, "A", "unknown_words", "ok")
    assert landed.rows("select code, message, source_row from rejects order by source_row") == [
        ("unknown_verdict", "the judge's words are no verdict: pears", 2),
        ("no_judgment", "the row has no votes, verdicts or scores of a judge", 3),
    ]
    [finding] = [f for f in landed.result.findings if f.code == "verdicts_unknown"]
    assert finding.message == f"{TASK}: 1 passes ended in no verdict: 'apples'"
    accounting = landed.result.accounting
    assert (accounting.read, accounting.landed, accounting.rejected) == (4, 2, 2)


CRITERIA = {
    "accuracy": {
        "score_A": 5,
        "score_B": 2,
        "weight": 0.75,
        "type": "scale",
        "description": "Is it true?",
        "justification_A": "it is",
        "justification_B": 'it\'s "not"',
    },
    "cites a source": {"score_A": False, "score_B": True, "weight": 0.25, "type": "binary"},
}
YAML = """```yaml
preference: A>B
weighted_score_A: 0.75
weighted_score_B: 0.4375
overall_justification: A is true
criteria:
  accuracy:
    score_A: 5
    score_B: 2
    weight: 0.75
    type: scale
    description: Is it true?
    justification_A: it is
    justification_B: it's "not"
  cites a source:
    score_A: no
    score_B: yes
    weight: 0.25
    type: binary
```"""
SCORES = {"weighted_score_A": 0.75, "weighted_score_B": 0.4375, "score_margin": 0.3125}
VOTES = {"a_scores": 1, "b_scores": 0, "ties": 0, "inference-score": 0}
RUBRICS = {
    "dict": {"predictions": "A>B", **VOTES, **SCORES, "overall_justification": "A is true", "criteria_breakdown": CRITERIA},
    "json_text": {"predictions": "A>B", **VOTES, **SCORES, "overall_justification": "A is true", "criteria_breakdown": json.dumps(CRITERIA)},
    "list": {
        "predictions": "A>B", **VOTES, **SCORES, "overall_justification": "A is true",
        "criteria_breakdown": [
            {"name": name, **{k: int(v) if isinstance(v, bool) else v for k, v in values.items()}}
            for name, values in CRITERIA.items()
        ],
    },
    "yaml_output": {"forward_output": YAML, **VOTES},
    "yaml_preference": {"predictions": YAML, **VOTES},
}  # fmt: skip


@pytest.mark.parametrize("form", ["python", "json", "native"])
@pytest.mark.parametrize("rubric", RUBRICS)
def test_rubrics_in_every_notation(rubric: str, form: Form, tmp_path: Path) -> None:
    landed = land_rows(tmp_path, [RUBRICS[rubric]], task=RUBRIC_TASK, form=form)
    assert landed.rows(
        "select forward_verdict, backward_status, a_votes, b_votes, error_votes, score_a, score_b,"
        " justification from judgments"
    ) == [("A", "absent", 1, 0, 0, 0.75, 0.4375, "A is true")]
    assert landed.rows(
        "select criterion, criterion_type, weight, score_a, score_b, normalized_score_a,"
        " normalized_score_b, description, justification_b from judgment_criteria order by criterion"
    ) == [
        ("accuracy", "scale", 0.75, 5, 2, 1.0, 0.25, "Is it true?", 'it\'s "not"'),
        ("cites a source", "binary", 0.25, 0, 1, 0, 1, None, None),
    ]
    assert codes(landed) <= {"no_results_file"}


def test_the_rubrics_margin_keeps_the_containers_sign(tmp_path: Path) -> None:
    landed = land_rows(tmp_path, [RUBRICS["dict"]], task=RUBRIC_TASK)
    assert landed.rows("select margin_a_minus_b, score_a - score_b from judgments") == [
        (0.3125, 0.3125)
    ]


def test_weights_that_do_not_sum_to_one_are_said(tmp_path: Path) -> None:
    off = {**CRITERIA, "accuracy": {**CRITERIA["accuracy"], "weight": 0.5}}
    rows = [RUBRICS["dict"], {**RUBRICS["dict"], "criteria_breakdown": off}]
    landed = land_rows(tmp_path, rows, task=RUBRIC_TASK)
    [finding] = [f for f in landed.result.findings if f.code == "weights_not_one"]
    assert finding.message == f"{RUBRIC_TASK}: 1 rubrics have weights that do not sum to one"


def test_scores_off_the_scale_have_no_place_in_it(tmp_path: Path) -> None:
    odd = {
        "x": {"score_A": 7, "score_B": 0, "type": "scale"},
        "y": {"score_A": 0.5, "score_B": 1, "type": "binary"},
    }
    landed = land_rows(tmp_path, [{**VOTES, "criteria_breakdown": odd}], task=RUBRIC_TASK)
    assert landed.rows(
        "select criterion, score_a, normalized_score_a, normalized_score_b from judgment_criteria order by 1"
    ) == [("x", 7, None, None), ("y", 0.5, None, 1)]


def test_a_job_without_rows_says_so_and_keeps_its_aggregates(tmp_path: Path) -> None:
    source = write_job(tmp_path, None, results={"a_scores": 16.0, "winrate": 0.38})
    landed = land(source, tmp_path / "lake")
    assert codes(landed) == {"judgments_absent"}
    assert landed.rows("select metric_name, value from job_metrics order by 1") == [
        ("a_scores", 16.0),
        ("winrate", 0.38),
    ]


def test_an_unknown_task_is_known_by_its_rows(tmp_path: Path) -> None:
    landed = land_rows(tmp_path, [votes("A", "B")], task="custom|my_arena|0")
    assert landed.rows("select task_key, a_votes from judgments") == [("custom|my_arena|0", 1)]


def test_the_same_prompt_twice_is_two_judgments_of_one_cluster(tmp_path: Path) -> None:
    table = details_table([votes("A", "B")])
    source = write_job(tmp_path, table.take([0, 0]))
    landed = land(source, tmp_path / "lake")
    assert landed.rows(
        "select count(*), count(distinct prompt_key), count(distinct item_key) from judgments"
    ) == [(2, 2, 1)]


def test_a_truncated_file_is_refused_with_its_name(tmp_path: Path) -> None:
    source = write_job(tmp_path, details_table([votes("A", "B")] * 50))
    [path] = source.rglob("*.parquet")
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(
        FormatError, match=r"llm_judge_judge.*not a whole Parquet file.*fetch it again"
    ):
        land(source, tmp_path / "lake")


def test_damaged_rows_are_always_accounted_for(tmp_path: Path) -> None:
    rng = random.Random(3)
    good = metrics_column(
        [votes(*pair) for pair in PAIRS] + list(RUBRICS.values()), "python"
    ).to_pylist()
    for trial in range(12):
        texts = []
        for text in rng.choices(good, k=12):
            data = bytearray(text.encode())
            for _ in range(rng.choice((0, 1, 3, 20))):
                at = rng.randrange(len(data))
                data[at : at + rng.randrange(3)] = bytes(
                    rng.choice(b"{}[]'\":,AB>=\\x\xff\n0") for _ in range(rng.randrange(3))
                )
            texts.append(bytes(data))
        table = details_table([{}] * 12)
        index = table.column_names.index("metrics")
        table = table.set_column(index, "metrics", pa.array(texts, pa.binary()))
        folder = tmp_path / str(trial)
        landed = land(write_job(folder, table), folder / "lake")
        accounting = landed.result.accounting
        assert accounting.read == 12
        assert (
            accounting.landed + accounting.rejected + accounting.duplicate + accounting.merged == 12
        )
        counts = landed.rows(
            "select (select count(*) from judgments), (select count(*) from rejects)"
        )
        assert counts == [(accounting.landed, accounting.rejected)]
        assert landed.rows(
            "select count(*) - count(distinct (prompt_key, criterion)) from judgment_criteria"
        ) == [(0,)]


def test_bedrock_ratings_become_criteria_of_one_response(tmp_path: Path) -> None:
    lines = [json.dumps(bedrock_line(i, Helpfulness=i, Correctness=0.5)) for i in range(2)]
    cut = lines[0][:-40]
    source = write_bedrock(tmp_path / "files", [*lines, "", "[1]", cut], BEDROCK_SUMMARY)
    landed = land(source, tmp_path / "lake")
    assert landed.result.job_id == "train-1"
    assert landed.rows(
        "select prompt, response_a, response_b, forward_status from judgments order by 1"
    ) == [(f"it's question {i}", f"answer {i}", None, "absent") for i in range(2)]
    assert landed.rows(
        "select criterion, criterion_type, score_a, score_b, normalized_score_a, justification_a"
        " from judgment_criteria order by 1, 3"
    ) == [
        *(("Correctness", "rating", 0.5, None, 0.5, "so"),) * 2,
        ("Helpfulness", "rating", 0.0, None, 0.0, "so"),
        ("Helpfulness", "rating", 1.0, None, 1.0, "so"),
    ]
    assert landed.rows("select code, source_row from rejects order by 2") == [
        ("no_judgment", 3),
        ("invalid_json", 4),
    ]
    assert landed.rows(
        "select metric_name, value, examples_expected from job_metrics order by 1"
    ) == [
        ("Helpfulness", 0.5, 2),
        ("Odd", 1.0, None),
    ]
    assert landed.rows("select harness, strategy, examples_expected from jobs") == [
        ("bedrock", "judge", 2)
    ]


def test_bedrock_rows_without_a_summary_and_a_summary_without_rows(tmp_path: Path) -> None:
    rows = write_bedrock(tmp_path / "rows", [json.dumps(bedrock_line(0, Helpfulness=1))], None)
    assert land(rows, tmp_path / "a").rows("select count(*) from judgments") == [(1,)]
    alone = tmp_path / "alone" / "job-1" / "eval_results"
    alone.mkdir(parents=True)
    (alone / "bedrock_llm_judge_results.json").write_text(json.dumps(BEDROCK_SUMMARY))
    landed = land(alone, tmp_path / "b")
    assert codes(landed) == {"judgments_absent"}
    assert landed.rows("select count(*) from job_metrics") == [(2,)]


def test_a_damaged_bedrock_summary_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "job" / "eval_results"
    place.mkdir(parents=True)
    (place / "bedrock_llm_judge_results.json").write_text('{"results": ')
    lake = Lake.open(str(tmp_path / "lake"), create=True)
    with pytest.raises(InputError, match=r"bedrock_llm_judge_results.json: not a JSON file"):
        ingest_source(str(tmp_path / "job"), lake, options=IngestOptions(), now=lambda: NOW)


def test_judge_files_keep_their_other_columns_out_of_the_way(tmp_path: Path) -> None:
    source = write_job(
        tmp_path, details_table([votes("A", "B")]), results={"a_scores": 1.0}, documents=1
    )
    [path] = source.rglob("*.parquet")
    assert "predictions" in pq.read_schema(path).names
    assert codes(land(source, tmp_path / "lake")) == set()
