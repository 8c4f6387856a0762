"""What the marts say of a judge's job equals what the generator knows, with independent formulas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import statsmodels.api as sm
from scipy import special, stats
from statsmodels.stats.inter_rater import cohens_kappa

from evallake.demo import write_judge_job
from evallake.project import find_project
from evallake.query import list_questions
from ingest.raw import ReadOptions
from tests.fixtures.dbt import Dbt
from tests.fixtures.judges import (
    RUBRIC_TASK,
    details_table,
    land_into,
    rubrics,
    votes,
    write_job,
)

EXAMPLES = 300
MODELS = ("mart_judge", "mart_judge_criteria", "mart_metric_audit", "dim_jobs")
TRUTH = "the demo"
RUBRICS = rubrics(40)


@pytest.fixture(scope="module")
def built(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Dbt, dict[str, str], list[dict[str, Any]]]:
    """A built lake, the ids of its jobs, and the truth about the demo's."""
    folder = tmp_path_factory.mktemp("judges")
    dbt = Dbt(folder)
    demo = write_judge_job(folder / "jobs", examples=EXAMPLES, seed=5)
    read = ReadOptions(recipe=demo.recipe, model=demo.model)
    repeated = details_table([votes("A", "B"), votes("B", "B"), votes("A", "A")])
    jobs = {
        TRUTH: land_into(dbt.lake, demo.source, read=read),
        "rubric": land_into(
            dbt.lake,
            write_job(folder / "a", details_table(RUBRICS), task=RUBRIC_TASK, run="rubric"),
        ),
        "no rows": land_into(
            dbt.lake,
            write_job(
                folder / "b",
                None,
                results={"a_scores": 16.0, "b_scores": 10.0, "winrate": 10 / 26},
                run="none",
            ),
        ),
        "repeats": land_into(
            dbt.lake, write_job(folder / "c", repeated.take([0, 1, 2, 0, 1]), run="repeats")
        ),
        "one side": land_into(
            dbt.lake, write_job(folder / "d", details_table([votes("A", "A")] * 3), run="one")
        ),
        "unknown": land_into(
            dbt.lake,
            write_job(folder / "e", details_table([{"forward_output": "x"}]), run="unknown"),
        ),
    }
    dbt("run", "--select", *(f"+{model}" for model in MODELS))
    return dbt, jobs, pq.read_table(demo.truth).to_pylist()


def judged(built: Any, job: str, slice_value: str = "all") -> dict[str, Any]:
    dbt, jobs, _ = built
    names = dbt.rows(
        "select column_name from information_schema.columns where table_name = 'mart_judge'"
        " order by ordinal_position"
    )
    [row] = dbt.rows(
        f"select * from mart_judge where job_id = '{jobs[job]}' and slice_value = '{slice_value}'"
        " and slice_key in ('all', 'difficulty')"
    )
    return dict(zip((name for (name,) in names), row, strict=True))


def clustered(values: list[tuple[int, float]]) -> tuple[float, float]:
    """Mean and clustered standard error by statsmodels."""
    cluster, y = (np.array(column) for column in zip(*values, strict=True))
    fit = sm.OLS(y, np.ones(len(y))).fit(
        cov_type="cluster", cov_kwds={"groups": cluster, "df_correction": True}, use_t=True
    )
    return float(fit.params[0]), float(fit.bse[0])


def passes(truth: list[dict[str, Any]]) -> list[tuple[int, str, str | None]]:
    return [
        (row["source_row"], side, row[f"{side}_verdict"])
        for row in truth
        for side in ("forward", "backward")
    ]


@pytest.mark.parametrize("difficulty", ["all", "easy", "medium", "hard"])
def test_the_truth_comes_back(built: Any, difficulty: str) -> None:
    truth = [row for row in built[2] if difficulty in ("all", row["difficulty"])]
    found = judged(built, TRUTH, difficulty)
    said = passes(truth)
    assert found["status"] == "available"
    assert found["judgments"] == found["prompts"] == len(truth)
    counts = {v: sum(verdict == v for _, _, verdict in said) for v in ("A", "B", "tie", None)}
    assert (found["losses"], found["wins"], found["ties"], found["inference_errors"]) == (
        *(counts["A"], counts["B"]),
        *(counts["tie"], counts[None]),
    )
    decided = [(row, float(v == "B")) for row, _, v in said if v in ("A", "B")]
    halved = [(row, {"A": 0.0, "B": 1.0, "tie": 0.5}[v]) for row, _, v in said if v is not None]
    for name, values in (("win_rate_excl_ties", decided), ("win_rate_half_ties", halved)):
        mean, error = clustered(values)
        assert found[name] == pytest.approx(mean, abs=1e-12)
        assert found[f"{name}_stderr"] == pytest.approx(error, rel=1e-9)
        assert found[f"{name}_lower"] < mean < found[f"{name}_upper"]

    # Bradley-Terry: the sandwich of a logistic regression on a constant, votes clustered by prompt
    p, error = clustered(halved)
    reach = stats.t.ppf(0.975, len({row for row, _ in halved}) - 1) * error / (p * (1 - p))
    assert found["bradley_terry_probability"] == pytest.approx(p, abs=1e-12)
    expected = special.expit(special.logit(p) + np.array([-reach, reach]))
    bounds = (found["bradley_terry_probability_lower"], found["bradley_terry_probability_upper"])
    assert bounds == pytest.approx(tuple(expected), abs=1e-9)


def test_position_bias(built: Any) -> None:
    truth = built[2]
    found = judged(built, TRUTH)
    first = {"forward": "A", "backward": "B"}
    scores = [0.5 if v == "tie" else float(v == first[s]) for _, s, v in passes(truth) if v]
    assert found["placed_passes"] == len(scores)
    assert found["first_place_preference"] == pytest.approx(np.mean(scores) - 0.5, abs=1e-12)
    assert found["first_place_preference_lower"] > 0, "the judge was made to like the first one"
    both = [r for r in truth if r["forward_verdict"] and r["backward_verdict"]]
    assert found["two_pass_judgments"] == len(both)
    agree = np.mean([r["forward_verdict"] == r["backward_verdict"] for r in both])
    assert found["swap_consistency"] == pytest.approx(agree, abs=1e-12)
    order = ["A", "B", "tie"]
    table = np.zeros((3, 3))
    for r in both:
        table[order.index(r["forward_verdict"]), order.index(r["backward_verdict"])] += 1
    assert found["passes_kappa"] == pytest.approx(
        cohens_kappa(table, return_results=False), abs=1e-9
    )
    lean = {"A": 1, "tie": 0, "B": -1}
    leans = [lean[r["forward_verdict"]] - lean[r["backward_verdict"]] for r in both]
    favoured = (sum(x > 0 for x in leans), sum(x < 0 for x in leans))
    assert (found["inconsistent_first"], found["inconsistent_second"]) == favoured
    expected = stats.binomtest(favoured[0], sum(favoured), 0.5).pvalue
    assert found["position_sign_test_p_value"] == pytest.approx(expected, rel=1e-9)


def test_length_effect(built: Any) -> None:
    found = judged(built, TRUTH)
    decided = longer = 0
    for row in built[2]:
        a, b = len(row["response_a"]), len(row["response_b"])
        said = [row["forward_verdict"], row["backward_verdict"]]
        if a != b:
            decided += said.count("A") + said.count("B")
            longer += said.count("A" if a > b else "B")
    assert found["length_votes"] == decided
    assert found["longer_response_preference"] == pytest.approx(longer / decided, abs=1e-12)


def test_the_containers_own_numbers_stand_beside(built: Any) -> None:
    found = judged(built, TRUTH)
    assert found["reported_win_rate"] == pytest.approx(found["win_rate_excl_ties"], abs=1e-12)
    assert found["reported_a_scores"] == found["losses"]
    assert judged(built, TRUTH, "easy")["reported_win_rate"] is None


def test_a_job_without_rows_is_not_available(built: Any) -> None:
    found = judged(built, "no rows")
    assert (found["status"], found["judgments"], found["wins"]) == ("not available", 0, None)
    assert (found["reported_a_scores"], found["reported_win_rate"]) == (16.0, 10 / 26)


def test_a_job_whose_rows_were_all_rejected_is_no_empty_success(built: Any) -> None:
    dbt, jobs, _ = built
    [(read, landed, rejected)] = dbt.rows(
        f"select rows_read, rows_landed, rows_rejected from dim_jobs where job_id = '{jobs['unknown']}'"
    )
    assert (read, landed, rejected) == (1, 0, 1)


def test_repeats_of_a_prompt_are_one_cluster(built: Any) -> None:
    found = judged(built, "repeats")
    assert (found["judgments"], found["prompts"]) == (5, 3)
    assert found["position_sign_test_p_value"] is None
    values = [(0, 0), (0, 1), (0, 0), (0, 1), (1, 1), (1, 1), (1, 1), (1, 1), (2, 0), (2, 0)]
    assert found["win_rate_excl_ties_stderr"] == pytest.approx(clustered(values)[1], rel=1e-9)


def test_bradley_terry_needs_a_win_on_both_sides(built: Any) -> None:
    found = judged(built, "one side")
    assert (found["win_rate_excl_ties"], found["bradley_terry_probability"]) == (0.0, None)
    assert 0 < found["win_rate_excl_ties_upper"] < 1


def test_rubric_scores_and_their_margin(built: Any) -> None:
    found = judged(built, "rubric")
    margins = np.array([row["score_margin"] for row in RUBRICS])
    assert found["mean_margin_a_minus_b"] == pytest.approx(margins.mean(), abs=1e-12)
    low, high = stats.t.interval(0.95, 39, margins.mean(), stats.sem(margins))
    assert found["mean_margin_a_minus_b_lower"] == pytest.approx(low, abs=1e-9)
    assert found["mean_margin_a_minus_b_upper"] == pytest.approx(high, abs=1e-9)
    assert found["mean_score_a"] == pytest.approx(np.mean([r["weighted_score_A"] for r in RUBRICS]))
    assert found["unbalanced_rubrics"] == 1


def test_criteria_have_scores_of_their_own(built: Any) -> None:
    dbt, jobs, _ = built
    rows = dbt.rows(
        "select criterion, criterion_type, judgments, mean_weight, mean_score_a, mean_score_b,"
        f" mean_margin_a_minus_b, a_higher, b_higher from mart_judge_criteria"
        f" where job_id = '{jobs['rubric']}' order by criterion"
    )
    a, b = np.arange(40) % 5 / 4, np.arange(40) % 3 / 4
    assert rows[0] == ("accuracy", "scale", 40, pytest.approx(0.6), pytest.approx(a.mean()),
                       pytest.approx(b.mean()), pytest.approx((a - b).mean()),
                       int((a > b).sum()), int((b > a).sum()))  # fmt: skip
    assert rows[1][:4] == ("sources", "binary", 40, pytest.approx((39 * 0.4 + 0.3) / 40))


@pytest.mark.parametrize("name", ["judge_summary", "position_bias", "audit_findings"])
def test_questions_about_judges_answer(built: Any, name: str) -> None:
    [question] = [q for q in list_questions(find_project()) if q.name == name]
    assert built[0].rows(question.sql)
