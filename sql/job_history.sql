-- Question: does the model get better from job to job?
-- Reads:    mart_job_history
-- Returns:  one row per job within its model family and data set, in order of evaluation; changes
--           are differences from the job before and null for the first

select
    model_family,
    dataset_id,
    run_number,
    job_id,
    examples,
    accuracy,
    accuracy_lower,
    accuracy_upper,
    accuracy_change,
    mean_quality_score_change,
    mean_confidence_change,
    evaluated_at_utc
from mart_job_history
order by
    model_family asc nulls last,
    dataset_id asc nulls last,
    run_number asc nulls last,
    job_id asc
