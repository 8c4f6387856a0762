-- Question: which of two responses does the judge prefer, and is it more than noise?
-- Reads:    mart_judge, dim_jobs
-- Returns:  one row per judge job, the newest first; wins are response B's, rates are ratios in
--           [0, 1], bounds at 95 % with both passes of a prompt counted as one; a job without rows
--           per prompt is `not available` and has the container's own rate alone

select
    mart_judge.job_id,
    mart_judge.status,
    mart_judge.judgments,
    mart_judge.wins,
    mart_judge.ties,
    mart_judge.losses,
    mart_judge.inference_errors,
    mart_judge.win_rate_excl_ties,
    mart_judge.win_rate_excl_ties_lower,
    mart_judge.win_rate_excl_ties_upper,
    mart_judge.win_rate_half_ties,
    mart_judge.win_rate_half_ties_lower,
    mart_judge.win_rate_half_ties_upper,
    mart_judge.bradley_terry_probability,
    mart_judge.mean_margin_a_minus_b,
    mart_judge.reported_win_rate,
    dim_jobs.evaluated_at_utc
from mart_judge
inner join dim_jobs on mart_judge.job_id = dim_jobs.job_id
where mart_judge.slice_key = 'all'
order by dim_jobs.evaluated_at_utc desc nulls last, mart_judge.job_id asc
