-- Question: which model is best on each data set, and which are as good as it?
-- Reads:    mart_job_summary, dim_jobs, mart_model_deltas
-- Returns:  one row per data set and model, of its newest job; the best first. tied_with names the
--           jobs that no difference in correctness is shown to, over the same examples;
--           is_among_best is true of the best and of what is tied with it; compared_with counts
--           the jobs of this list that it was compared with at all

with newest as (

    select
        *,
        row_number() over (
            partition by dataset_id, task_name, coalesce(model_name, job_id)
            order by evaluated_at_utc desc nulls last, job_id desc
        ) as recency
    from dim_jobs
    where coalesce(strategy, '-') <> 'judge'  -- a judge is no contestant

),

listed as (

    select
        newest.*,
        summary.scored_examples,
        summary.accuracy,
        summary.accuracy_lower,
        summary.accuracy_upper,
        summary.ece_equal_width,
        summary.auroc,
        summary.schema_adherence,
        first_value(newest.job_id) over (
            partition by newest.dataset_id, newest.task_name
            order by summary.accuracy desc nulls last, newest.job_id asc
        ) as best_job_id
    from newest
    inner join mart_job_summary as summary on newest.job_id = summary.job_id
    where newest.recency = 1

),

-- each comparison once from either side
compared as (

    select
        baseline_job_id as job_id,
        candidate_job_id as other_job_id,
        verdict
    from mart_model_deltas
    where metric_name = 'correctness' and verdict <> 'not comparable'

    union

    select
        candidate_job_id as job_id,
        baseline_job_id as other_job_id,
        verdict
    from mart_model_deltas
    where metric_name = 'correctness' and verdict <> 'not comparable'

),

verdicts as (

    select
        listed.job_id,
        count(distinct others.job_id) as compared_with,
        array_join(
            array_agg(compared.other_job_id order by compared.other_job_id asc nulls last)
                filter (where compared.verdict = 'no difference shown'),
            ', '
        ) as tied_with,
        coalesce(
            bool_or(
                compared.verdict = 'no difference shown' and others.job_id = listed.best_job_id
            ),
            false
        ) as is_tied_with_best
    from listed
    inner join compared on listed.job_id = compared.job_id
    inner join listed as others
        on
            compared.other_job_id = others.job_id
            and listed.dataset_id = others.dataset_id
    group by listed.job_id

)

select
    listed.dataset_name,
    listed.task_name,
    listed.model_name,
    listed.scored_examples,
    listed.accuracy,
    listed.accuracy_lower,
    listed.accuracy_upper,
    listed.accuracy is not null
    and (
        listed.job_id = listed.best_job_id or coalesce(verdicts.is_tied_with_best, false)
    ) as is_among_best,
    verdicts.tied_with,
    coalesce(verdicts.compared_with, 0) as compared_with,
    listed.ece_equal_width as ece,
    listed.auroc,
    listed.schema_adherence,
    listed.job_id,
    listed.dataset_id
from listed
left join verdicts on listed.job_id = verdicts.job_id
order by
    listed.dataset_name asc nulls last,
    listed.dataset_id asc nulls last,
    listed.task_name asc nulls last,
    listed.accuracy desc nulls last,
    listed.job_id asc
