-- Question: on which segments, alone or in pairs, is the job worse than on the whole?
-- Reads:    mart_slice_metrics, mart_job_summary
-- Returns:  one row per job and segment that is less accurate than the job beyond what chance
--           gives among so many segments (q_value up to 0.05), or that is critical or a training
--           gap by its cut-offs; weakest first by the upper end of the interval. The published
--           notebook's list is the critical ones of the keys difficulty and domain together

with segments as (

    select
        *,
        accuracy * effective_examples as effective_correct
    from mart_slice_metrics
    where
        not is_outcome_slice
        and key_values > 1
        and coalesce(key_values_2, 2) > 1
        and accuracy is not null

),

-- how likely so few right answers are if the segment were as accurate as the whole job:
-- the lower tail of the binomial, written as a beta
tested as (

    select
        segments.*,
        jobs.accuracy as job_accuracy,
        case
            when segments.accuracy >= jobs.accuracy then 1e0
            else
                beta_cdf(
                    segments.effective_examples - segments.effective_correct,
                    segments.effective_correct + 1e0,
                    1e0 - jobs.accuracy
                )
        end as p_value
    from segments
    inner join mart_job_summary as jobs on segments.job_id = jobs.job_id

),

ranked as (

    select
        *,
        count(*) over (partition by job_id) as segments,
        count(*) over (partition by job_id order by p_value asc nulls last) as p_rank
    from tested

),

-- Benjamini and Hochberg: the smallest adjusted p of this rank and all ranks behind it
adjusted as (

    select
        *,
        min(p_value * segments / cast(p_rank as double)) over (
            partition by job_id
            order by p_value desc nulls last
        ) as q_value
    from ranked

)

select
    job_id,
    slice_key,
    slice_value,
    slice_key_2,
    slice_value_2,
    segment_kind,
    scored_examples,
    accuracy,
    accuracy_lower,
    accuracy_upper,
    job_accuracy,
    p_value,
    q_value,
    mean_confidence,
    calibration_gap
from adjusted
where q_value <= 0.05e0 or segment_kind in ('critical', 'training_gap')
order by
    job_id asc,
    accuracy_upper asc nulls last,
    accuracy asc nulls last,
    slice_key asc nulls last,
    slice_value asc nulls last,
    slice_key_2 asc nulls last,
    slice_value_2 asc nulls last
