-- Question: what would mend each job's confidence, and how well?
-- Reads:    mart_recalibration
-- Returns:  one row per job and method, the best first; errors of confidence before and after, the
--           latter by fits that did not see the answer; a temperature above 1 means too sure

select
    job_id,
    method,
    is_chosen_method,
    calibrated_examples,
    ece_before,
    ece_after,
    ece_after_lower,
    ece_after_upper,
    ece_after_baseline,
    brier_before,
    brier_after,
    brier_after_lower,
    brier_after_upper,
    temperature,
    platt_slope,
    platt_intercept
from mart_recalibration
where slice_key = 'all' and slice_value = 'all'
order by job_id asc, brier_after asc nulls last, method asc
