-- Question: how many answers fail, and in which way?
-- Reads:    mart_failures, dim_jobs
-- Returns:  one row per job and error category, the most frequent first; a null category holds
--           answers that are neither wrong nor malformed but unsure

select
    mart_failures.job_id,
    mart_failures.error_category,
    count(*) as failures,
    cast(count(*) as double) / nullif(max(dim_jobs.examples), 0) as share_of_examples,
    count(*) filter (where mart_failures.is_wrong) as wrong,
    count(*) filter (where mart_failures.is_low_confidence) as low_confidence,
    count(*) filter (where mart_failures.is_overconfident_error) as overconfident_errors,
    count(*) filter (where mart_failures.is_schema_invalid) as schema_invalid,
    avg(mart_failures.confidence) as mean_confidence
from mart_failures
inner join dim_jobs on mart_failures.job_id = dim_jobs.job_id
group by mart_failures.job_id, mart_failures.error_category
order by
    mart_failures.job_id asc,
    failures desc nulls last,
    mart_failures.error_category asc nulls last
