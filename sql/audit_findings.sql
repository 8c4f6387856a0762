-- Question: which of the container's own numbers should not be believed, and what is right instead?
-- Reads:    mart_metric_audit
-- Returns:  one row per reported aggregate with a finding; an error ratio of 0.03 is one that was
--           divided by the square root of 1000 once too often

select
    job_id,
    task_key,
    metric_name,
    findings,
    reported_value,
    recomputed_value,
    reported_stderr,
    recomputed_stderr,
    stderr_ratio,
    examples,
    examples_expected
from mart_metric_audit
where finding_count > 0
order by job_id asc, task_key asc, metric_name asc
