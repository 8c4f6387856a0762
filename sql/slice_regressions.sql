-- Question: on which slices did the candidate get worse, and is it more than chance?
-- Reads:    mart_slice_deltas
-- Returns:  one row per pair of jobs, metric and slice (alone or in a pair) on which the candidate
--           is worse, the surest first. q_value allows for how many slices were looked at: up to
--           0.05 the verdict is worse; a low p_value alone is what looking often gives

select
    baseline_job_id,
    candidate_job_id,
    metric_name,
    slice_key,
    slice_value,
    slice_key_2,
    slice_value_2,
    pairs,
    baseline_value,
    candidate_value,
    delta,
    delta_lower,
    delta_upper,
    p_value,
    q_value,
    verdict,
    losses,
    wins,
    minimum_detectable_effect
from mart_slice_deltas
where
    is_higher_better is not null
    and (
        (is_higher_better and delta < -1e-9)  -- less is the rounding of sums
        or (not is_higher_better and delta > 1e-9)
    )
order by
    baseline_job_id asc,
    candidate_job_id asc,
    round(q_value, 9) asc nulls last,  -- the last digits are rounding, and no order
    round(p_value, 9) asc nulls last,
    round(delta, 9) asc nulls last,
    metric_name asc,
    slice_key asc,
    slice_value asc,
    slice_key_2 asc nulls first,
    slice_value_2 asc nulls first
