-- Question: is the new model better, and by how much?
-- Reads:    mart_model_deltas
-- Returns:  one row per pair of jobs and metric: the difference over the same examples (candidate
--           minus baseline) with its interval, the verdict by q_value, and what size of difference
--           could have been found at all; correctness first

select
    baseline_job_id,
    candidate_job_id,
    metric_name,
    pairs,
    baseline_value,
    candidate_value,
    delta,
    delta_lower,
    delta_upper,
    p_value,
    q_value,
    verdict,
    wins,
    ties,
    losses,
    minimum_detectable_effect,
    needed_pairs,
    unpaired_p_value,
    reason,
    finding
from mart_model_deltas
order by
    baseline_job_id asc,
    candidate_job_id asc,
    case metric_kind
        when 'correctness' then 1
        when 'calibration' then 2
        when 'ranking' then 3
        when 'field' then 4
        when 'metric' then 5
        when 'corpus' then 6
        else 7
    end asc,
    metric_name asc
