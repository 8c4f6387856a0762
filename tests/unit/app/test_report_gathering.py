"""The report's questions: one text for both engines, and an end to the page however large the lake."""

from __future__ import annotations

import duckdb
import pytest

from evallake.engines.asking import Answer
from evallake.report import confidence_questions, judge_questions, pair_questions
from evallake.report.judge_gathering import (
    CRITERIA,
    FINDINGS,
    MOST_JUDGES,
    gather_audit,
    gather_judges,
)
from evallake.report.pair_gathering import EXAMPLES, MOST_METRICS, MOST_PAIRS, SLICES, gather_pairs
from evallake.report.rows import filled
from tests.rules.portability import problems

VALUES = {
    "jobs": ["a", "it's"],
    "job_id": "a",
    "all_judges": True,
    **dict.fromkeys(("rows", "most_pairs", "most_metrics", "most_values", "keys"), 3),
}
JOBS = 300
METRICS = 40
SLICES_IN_ALL = 50
REGRESSED = 20


class Lake:
    """The published tables as far as they are asked for here."""

    name = "tables"
    at_once = 1

    def __init__(self) -> None:
        self.connection = duckdb.connect()

    def ask(self, sql: str, *, where: str = "--sql") -> Answer:
        return Answer(self.connection.execute(sql).to_arrow_table())


@pytest.fixture(scope="module")
def large() -> Lake:
    """Job 0 is the named baseline of all others; each is also compared with the one before it."""
    lake = Lake()
    lake.connection.execute(f"""
        create table dim_jobs as
        select
            'job-' || lpad(cast(i as varchar), 3, '0') as job_id, 'm' as model_name,
            timestamp '2026-01-01' + to_days(cast(i as integer)) as evaluated_at_utc
        from range({JOBS}) as t (i);
        create table jobs as
        select
            a.job_id as baseline_job_id, b.job_id as candidate_job_id,
            case when a.job_id = 'job-000' then 'named as baseline' else 'newest jobs' end as reason
        from dim_jobs as a
        inner join dim_jobs as b
            on b.evaluated_at_utc > a.evaluated_at_utc
            and (a.job_id = 'job-000' or b.evaluated_at_utc = a.evaluated_at_utc + to_days(1));
        create table mart_model_deltas as
        select
            jobs.*, 'example_key' as pairing_key, true as same_dataset, true as same_scorer,
            true as same_prompt, true as same_inference, 9 as overlap, 0 as baseline_only,
            0 as candidate_only, cast(null as varchar) as finding,
            case when m = 0 then 'correctness' else 'metric-' || m end as metric_name,
            case when m = 0 then 'correctness' else 'metric' end as metric_kind,
            1e0 as scale_max, 9 as pairs, 9 as clusters, 5e-1 as baseline_value,
            4e-1 as candidate_value, -1e-1 as delta, -2e-1 as delta_lower, 0e0 as delta_upper,
            't' as p_method, 1e-1 as p_value, 2e-1 as q_value, 'no difference shown' as verdict,
            3e-1 as minimum_detectable_effect, 1 as wins, 2 as ties, 3 as losses,
            99 as needed_pairs, 2e-2 as tolerance
        from jobs cross join range({METRICS}) as t (m);
        create table mart_slice_deltas as
        select
            baseline_job_id, candidate_job_id, metric_name, metric_kind, false as is_pair,
            true as is_higher_better, 'key' as slice_key, 'v' || s as slice_value, scale_max,
            case when s % 2 = 0 then -1e-1 else 1e-1 end as delta, delta_lower, delta_upper, pairs,
            baseline_value, candidate_value, s / 100e0 as p_value, s / 100e0 as q_value,
            case when s = 0 then 'worse' else 'no difference shown' end as verdict
        from mart_model_deltas cross join range({SLICES_IN_ALL}) as t (s)
        where metric_name in ('correctness', 'metric-1') and candidate_job_id >= 'job-290';
        create table mart_example_deltas as
        select
            baseline_job_id, candidate_job_id, 'k' || e as pair_key,
            'x' || e as candidate_example_id, 'regressed' as outcome, 'q' as query,
            'g' as gold_text, 'b' as baseline_answer, 'c' as candidate_answer,
            'g' as gold_label, 'b' as baseline_label, 'c' as candidate_label, -1e0 as delta,
            5e-1 as baseline_confidence, e / 100e0 as candidate_confidence
        from jobs cross join range({REGRESSED}) as t (e);
    """)
    return lake


def test_a_thousand_pairs_are_a_few_the_newest_and_named_baselines_first(large: Lake) -> None:
    newest = [f"job-{i}" for i in range(JOBS - 12, JOBS)]
    pairs, left_out = gather_pairs(large, newest, power=0.8)
    assert len(pairs) == MOST_PAIRS
    assert left_out == 24 - MOST_PAIRS
    assert [(p.candidate_job_id, p.baseline_job_id) for p in pairs[:3]] == [
        ("job-299", "job-000"),
        ("job-299", "job-298"),
        ("job-298", "job-000"),
    ]


def test_a_pair_shows_a_few_of_each_kind_and_counts_the_others(large: Lake) -> None:
    pair = gather_pairs(large, ["job-299"], power=0.8)[0][0]
    assert (len(pair.deltas), pair.metrics_left_out) == (MOST_METRICS, METRICS - MOST_METRICS)
    assert pair.deltas[0].metric == "correctness"
    assert {item.metric for item in pair.slices} == {"correctness"}
    assert [item.value for item in pair.slices if item.is_worse] == [
        f"v{2 * i}" for i in range(SLICES)
    ]
    assert [item.value for item in pair.slices if not item.is_worse] == [
        f"v{2 * i + 1}" for i in range(SLICES)
    ]
    assert (pair.slices_looked_at, pair.slices_worse, pair.slices_better) == (SLICES_IN_ALL, 1, 0)
    assert [example.example_id for example in pair.regressed] == ["x19", "x18", "x17"]
    assert len(pair.regressed) == EXAMPLES
    assert pair.regressed_in_all == REGRESSED


def test_jobs_that_nothing_was_compared_with_have_no_pair(large: Lake) -> None:
    assert gather_pairs(large, ["another"], power=0.8) == ((), 0)
    assert gather_pairs(large, [], power=0.8) == ((), 0)


RATES = (
    *("win_rate_excl_ties", "bradley_terry_probability", "first_place_preference"),
    *("swap_consistency", "longer_response_preference", "mean_margin_a_minus_b"),
)
REPORTED = ("a_scores", "b_scores", "ties", "inference_errors", "win_rate")


@pytest.fixture(scope="module")
def judged(large: Lake) -> Lake:
    """Each job has a judge's verdicts over five slices, thirty criteria, and forty findings."""
    rates = ", ".join(f"5e-1 as {rate}" for rate in RATES)
    reported = ", ".join(f"1e0 as reported_{name}" for name in REPORTED)
    large.connection.execute(f"""
        create table mart_judge as
        select
            job_id, case when s = 0 then 'all' else 'key' end as slice_key, 'v' || s as slice_value,
            'available' as status, 9 as prompts, 3 as wins, 2 as ties, 4 as losses,
            0 as inference_errors, 1e0 as position_sign_test_p_value, {rates}, {reported}
        from dim_jobs cross join range(5) as t (s);
        create table mart_judge_criteria as
        select
            job_id, 'c' || c as criterion, 'scale' as criterion_type, 9 as judgments,
            c / 465e0 as mean_weight, 5e-1 as mean_score_a, 5e-1 as mean_score_b,
            0e0 as mean_margin_a_minus_b
        from dim_jobs cross join range(1, 31) as t (c);
        create table mart_metric_audit as
        select
            job_id, 'task' as task_key, 'm' || m as metric_name, 'recomputed' as status,
            case when m < 40 then 'value_differs' end as findings,
            case when m < 40 then 1 else 0 end as finding_count, 1e0 as reported_value,
            2e0 as recomputed_value, null as reported_stderr, null as recomputed_stderr,
            9 as examples, 9 as examples_expected
        from dim_jobs cross join range(50) as t (m);
    """)
    return large


def test_of_many_judges_the_newest_are_shown(judged: Lake) -> None:
    judges, left_out = gather_judges(judged, ())
    assert [judge.job_id for judge in judges] == [f"job-{299 - i}" for i in range(MOST_JUDGES)]
    assert left_out == JOBS - MOST_JUDGES
    assert [votes.key for votes in judges[0].votes] == ["all"] + ["key"] * 4
    assert len(judges[0].criteria) == CRITERIA
    assert judges[0].criteria[0].name == "c30"  # the heaviest first
    assert judges[0].criteria_left_out == 30 - CRITERIA
    named, none = gather_judges(judged, ("job-007",))
    assert ([judge.job_id for judge in named], none) == (["job-007"], 0)


def test_of_many_findings_a_few_are_shown_and_all_counted(judged: Lake) -> None:
    audit = gather_audit(judged, ("job-007", "job-008"))
    assert audit is not None
    assert (audit.reported, audit.recomputed, audit.faulty) == (100, 100, 80)
    assert len(audit.findings) == FINDINGS
    assert audit.findings[0].names == ("value_differs",)
    assert gather_audit(judged, ("nobody",)) is None


@pytest.mark.parametrize(
    "sql",
    [
        sql.replace("{routing_thresholds}", "select job_id from mart_recalibration")
        for module in (pair_questions, judge_questions, confidence_questions)
        for name, sql in vars(module).items()
        if name.isupper() and sql.lstrip().startswith(("select", "with"))
    ],
)
def test_questions_are_one_text_for_both_engines(sql: str) -> None:
    asked = filled(sql, **VALUES)
    assert ":" not in asked
    assert not problems(asked)


def test_values_become_literals() -> None:
    asked = filled("a = :a, b in (:b), c in (:c), :d, ':e'", a="it's :b", b=["x"], c=[], d=True)
    assert asked == "a = 'it''s :b', b in ('x'), c in (null), true, ':e'"
