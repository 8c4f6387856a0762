-- Question: which model is best on each data set?
-- Reads:    mart_job_summary, dim_jobs
-- Returns:  one row per data set and model, of its newest job; the best first. Intervals that
--           overlap leave the order open, and a paired comparison may still settle it

with newest as (

    select
        *,
        row_number() over (
            partition by dataset_id, task_name, coalesce(model_name, job_id)
            order by evaluated_at_utc desc nulls last, job_id desc
        ) as recency
    from dim_jobs

)

select
    newest.dataset_name,
    newest.task_name,
    newest.model_name,
    summary.examples,
    summary.accuracy,
    summary.accuracy_lower,
    summary.accuracy_upper,
    summary.ece_equal_width as ece,
    summary.auroc,
    summary.schema_adherence,
    newest.job_id,
    newest.dataset_id
from newest
inner join mart_job_summary as summary on newest.job_id = summary.job_id
where newest.recency = 1
order by
    newest.dataset_name asc nulls last,
    newest.dataset_id asc nulls last,
    newest.task_name asc nulls last,
    summary.accuracy desc nulls last,
    newest.job_id asc
