"""Two models' real repeated scores, landed as jobs and compared through the marts.

The numbers were computed with statsmodels and SciPy from the same file, apart from this code.
Beside the two whole jobs stand odd ones: each epoch of one, another prompt, other questions.
"""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

from evallake.config import configure
from evallake.project import find_project
from evallake.query import ask, list_questions
from ingest.lake import Lake
from tests.fixtures.dbt import Dbt
from tests.fixtures.gpqa import MINI, NANO, SCORES, land_scores, read_scores


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Dbt:
    if not SCORES.is_file():
        pytest.skip("no repeated scores beside the repository (../shared/data/gpqa)")
    dbt = Dbt(tmp_path_factory.mktemp("gpqa"))
    lake = Lake.open(str(dbt.lake), create=True)
    files = dbt.folder / "files"
    mini, nano = read_scores(MINI), read_scores(NANO)
    once = [score for score in nano if score.epoch == 1]
    land_scores(lake, files, "mini", mini, model=MINI, minute=0)
    land_scores(lake, files, "nano", nano, model=NANO, minute=1)
    land_scores(lake, files, "nano-once", once, model=NANO, minute=2)
    land_scores(lake, files, "nano-prompted", nano, model=NANO, minute=3, system="Think first.")
    land_scores(
        lake, files, "elsewhere", once, model="other", minute=4, question="Another {}".format
    )
    dbt("run", "--vars", json.dumps({"baselines": ["mini"]}))
    return dbt


def deltas(built: Dbt, candidate: str, metric: str = "correctness") -> dict[str, object]:
    """The row of mart_model_deltas with mini as baseline."""
    [row] = ask(
        configure(str(built.lake), str(built.database)),
        "select * from mart_model_deltas where baseline_job_id = 'mini'"
        f" and candidate_job_id = '{candidate}' and metric_name = '{metric}'",
    ).to_pylist()
    return row


def test_the_published_numbers(built: Dbt) -> None:
    row = deltas(built, "nano")
    assert (row["pairs"], row["clusters"], row["pairing_key"]) == (198, 198, "example_key")
    digits = {
        "delta": (6, 0.058586),
        "delta_stderr": (6, 0.027788),
        "delta_lower": (6, 0.003785),
        "delta_upper": (6, 0.113387),
        "p_value": (6, 0.036271),
        "correlation": (4, 0.5301),
        "unpaired_stderr": (6, 0.040483),
        "unpaired_p_value": (4, 0.1478),
    }
    for name, (places, expected) in digits.items():
        assert round(row[name], places) == expected, name
    assert row["p_value"] < 0.05 < row["unpaired_p_value"]


def test_repeats_are_averaged_before_anything_is_tested(built: Dbt) -> None:
    row = deltas(built, "nano")
    values = {}
    for name, model in (("mini", MINI), ("nano", NANO)):
        by_item: dict[str, list[float]] = {}
        for score in read_scores(model):
            by_item.setdefault(score.item, []).append(score.value)
        values[name] = np.array([np.mean(by_item[item]) for item in sorted(by_item)])
    difference = values["nano"] - values["mini"]
    higher, lower = int((difference > 1e-9).sum()), int((difference < -1e-9).sum())
    assert (row["wins"], row["losses"], row["ties"]) == (higher, lower, 198 - higher - lower)
    assert row["sign_test_p_value"] == pytest.approx(stats.binomtest(higher, higher + lower).pvalue)
    assert row["p_value"] == pytest.approx(
        stats.ttest_rel(values["nano"], values["mini"]).pvalue, rel=1e-9
    )
    # every key repeats: row by row tests would count answers as examples
    assert row["only_baseline_correct"] is row["mcnemar_exact_p_value"] is None


def test_the_bootstrap_agrees_with_the_formula(built: Dbt) -> None:
    row = deltas(built, "nano")
    assert row["bootstrap_replicates"] == 1000
    assert row["bootstrap_stderr"] == pytest.approx(row["delta_stderr"], rel=0.06)
    assert row["bootstrap_lower"] == pytest.approx(row["delta_lower"], abs=0.006)
    assert row["bootstrap_upper"] == pytest.approx(row["delta_upper"], abs=0.006)


def test_a_job_without_repeats_pairs_with_one_that_has_them(built: Dbt) -> None:
    row = deltas(built, "nano-once")
    assert row["pairs"] == 198
    assert "averaged first" in row["finding"]
    assert row["mcnemar_mid_p_value"] is None


def test_a_changed_system_prompt_still_pairs(built: Dbt) -> None:
    row, same = deltas(built, "nano-prompted"), deltas(built, "nano")
    assert (row["pairing_key"], row["same_prompt"], row["pairs"]) == ("item_key", False, 198)
    assert "system prompts differ" in row["finding"]
    for name in ("delta", "delta_stderr", "p_value"):
        assert row[name] == pytest.approx(same[name], rel=1e-12)


def test_jobs_without_a_common_example_say_so(built: Dbt) -> None:
    row = deltas(built, "elsewhere")
    assert (row["pairs"], row["delta"], row["verdict"]) == (0, None, "not comparable")
    assert row["same_dataset"] is False
    assert row["finding"] == "no example in common, the data sets differ"
    assert (row["baseline_only"], row["candidate_only"]) == (198, 198)


def test_a_job_is_never_compared_with_itself(built: Dbt) -> None:
    assert built.rows("select * from int_job_pairs where baseline_job_id = candidate_job_id") == []


def test_why_each_pair_is_compared(built: Dbt) -> None:
    found = built.rows(
        "select baseline_job_id, candidate_job_id, reason from int_job_pairs order by 1, 2"
    )
    named, previous = "named as baseline", "previous job of the model family"
    assert found == [
        ("mini", "elsewhere", named),
        ("mini", "nano", named),
        ("mini", "nano-once", named),
        ("mini", "nano-prompted", named),
        ("nano", "nano-once", previous),
        ("nano-once", "nano-prompted", previous),
    ]


def test_slices_add_up_to_the_pair(built: Dbt) -> None:
    [(total,)] = built.rows(
        "select sum(pairs * delta) / sum(pairs) from mart_slice_deltas"
        " where baseline_job_id = 'mini' and candidate_job_id = 'nano'"
        " and slice_key = 'half' and not is_pair and metric_name = 'correctness'"
    )
    assert total == pytest.approx(deltas(built, "nano")["delta"], rel=1e-12)


def test_changed_examples_show_both_answers(built: Dbt) -> None:
    rows = built.rows(
        "select outcome, baseline_answer, candidate_answer, delta from mart_example_deltas"
        " where baseline_job_id = 'mini' and candidate_job_id = 'nano'"
    )
    row = deltas(built, "nano")
    assert len(rows) == row["wins"] + row["losses"]
    for outcome, baseline, candidate, delta in rows:
        assert outcome == ("improved" if delta > 0 else "regressed")
        # the answers shown are ones that differ as the means do
        assert (baseline, candidate) == (("B", "A") if delta > 0 else ("A", "B"))


def test_every_question_about_comparisons_has_an_answer(built: Dbt) -> None:
    config = configure(str(built.lake), str(built.database))
    asked = [q for q in list_questions(find_project()) if "_deltas" in q.reads]
    assert len(asked) >= 4
    for question in asked:
        assert ask(config, question.sql, where=question.name).num_rows > 0, question.name
