"""The SQL that the report asks about pairs of jobs; all pairs in one question each.

Which pairs are shown is decided once, in `RANKED`: those in which a shown job takes part, the
newest candidates first and of theirs the named baselines first.
"""

from __future__ import annotations

RANKED = """
listed as (
    select distinct baseline_job_id, candidate_job_id, reason
    from mart_model_deltas
    where candidate_job_id in (:jobs) or baseline_job_id in (:jobs)
),

ranked as (
    select
        listed.baseline_job_id,
        listed.candidate_job_id,
        baselines.model_name as baseline_model,
        candidates.model_name as candidate_model,
        count(*) over () as pairs_in_all,
        row_number() over (
            order by
                candidates.evaluated_at_utc desc nulls last,
                listed.candidate_job_id desc,
                case when listed.reason like '% as baseline' then 0 else 1 end asc,
                baselines.evaluated_at_utc desc nulls last,
                listed.baseline_job_id desc
        ) as place
    from listed
    left join dim_jobs as baselines on listed.baseline_job_id = baselines.job_id
    left join dim_jobs as candidates on listed.candidate_job_id = candidates.job_id
)"""

KIND = """case deltas.metric_kind
                    when 'correctness' then 1
                    when 'calibration' then 2
                    when 'ranking' then 3
                    when 'field' then 4
                    when 'metric' then 5
                    when 'corpus' then 6
                    else 7
                end asc,
                deltas.metric_name asc"""

DELTAS = f"""
with {RANKED},

metrics as (
    select
        deltas.*,
        ranked.place,
        ranked.pairs_in_all,
        ranked.baseline_model,
        ranked.candidate_model,
        count(*) over (
            partition by deltas.baseline_job_id, deltas.candidate_job_id
        ) as metrics_in_all,
        row_number() over (
            partition by deltas.baseline_job_id, deltas.candidate_job_id
            order by {KIND}
        ) as metric_place
    from mart_model_deltas as deltas
    inner join ranked
        on
            deltas.baseline_job_id = ranked.baseline_job_id
            and deltas.candidate_job_id = ranked.candidate_job_id
    where ranked.place <= :most_pairs
)

select * from metrics
where metric_place <= :most_metrics
order by place asc nulls last, metric_place asc nulls last
"""

# of one metric: correctness, else the first by its kind and name; the surest on either side
SLICE_DELTAS = f"""
with {RANKED},

metrics as (
    select
        deltas.*,
        ranked.place,
        (deltas.delta > 0e0) <> deltas.is_higher_better as is_worse,
        dense_rank() over (
            partition by deltas.baseline_job_id, deltas.candidate_job_id
            order by {KIND}
        ) as metric_place
    from mart_slice_deltas as deltas
    inner join ranked
        on
            deltas.baseline_job_id = ranked.baseline_job_id
            and deltas.candidate_job_id = ranked.candidate_job_id
    where
        ranked.place <= :most_pairs
        and not deltas.is_pair
        and deltas.is_higher_better is not null
        and deltas.delta is not null
),

counted as (
    select
        *,
        count(*) over (partition by place) as slices_in_all,
        sum(case when verdict = 'worse' then 1 else 0 end) over (partition by place)
            as slices_worse,
        sum(case when verdict = 'better' then 1 else 0 end) over (partition by place)
            as slices_better,
        row_number() over (
            partition by place, is_worse
            order by
                q_value asc nulls last,
                p_value asc nulls last,
                abs(delta) desc nulls last,
                slice_key asc,
                slice_value asc
        ) as side_place
    from metrics
    where metric_place = 1
)

select * from counted
where side_place <= :rows and delta <> 0e0
order by place asc nulls last, is_worse desc nulls last, side_place asc nulls last
"""

REGRESSED = f"""
with {RANKED},

regressed as (
    select
        examples.*,
        ranked.place,
        count(*) over (
            partition by examples.baseline_job_id, examples.candidate_job_id
        ) as regressed_in_all,
        row_number() over (
            partition by examples.baseline_job_id, examples.candidate_job_id
            order by
                examples.delta asc nulls last,
                examples.candidate_confidence desc nulls last,
                examples.pair_key asc
        ) as example_place
    from mart_example_deltas as examples
    inner join ranked
        on
            examples.baseline_job_id = ranked.baseline_job_id
            and examples.candidate_job_id = ranked.candidate_job_id
    where ranked.place <= :most_pairs and examples.outcome = 'regressed'
)

select * from regressed
where example_place <= :rows
order by place asc nulls last, example_place asc nulls last
"""
