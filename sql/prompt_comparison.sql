-- Question: did the changed system prompt help?
-- Reads:    mart_model_deltas
-- Returns:  one row per metric of each pair of jobs that asked the same questions under another
--           system prompt; what else differs between the jobs stands beside it, since then the
--           prompt need not be the reason

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
    q_value,
    verdict,
    same_dataset,
    same_scorer,
    same_inference,
    finding
from mart_model_deltas
where not same_prompt
order by
    baseline_job_id asc,
    candidate_job_id asc,
    case metric_kind when 'correctness' then 1 else 2 end asc,
    metric_name asc
