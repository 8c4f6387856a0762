"""The report's questions: one text for both engines, and an end to the page however large the lake."""

from __future__ import annotations

import duckdb
import pytest

from evallake.engines.asking import Answer
from evallake.report import confidence_questions, judge_questions, pair_questions
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
