-- Grain: one row per (job_id, task_key, metric_name) of the means over subtasks, or over all tasks.
-- What is reported of the tasks behind a reported mean, averaged, and their errors pooled.

with reported as (

    select * from {{ ref('stg_lake__job_metrics') }} {{ of_changed_loads() }}

),

members as (

    select
        means.job_id,
        means.task_key,
        means.metric_name,
        parts.value,
        parts.stderr,
        coalesce(parts.subtask, '-') = '_average' as is_mean
    from reported as means
    inner join reported as parts
        on
            means.job_id = parts.job_id
            and means.metric_name = parts.metric_name
            and parts.task_key <> 'all'
            and parts.task_key <> means.task_key
            and (
                means.task_key = 'all'
                or (parts.task_name = means.task_name and parts.subtask is not null)
            )
    where means.task_key = 'all' or means.subtask = '_average'

),

final as (

    select
        -- ids
        job_id,
        task_key,
        metric_name,

        -- measures
        cast(sum(case when is_mean then 0 else 1 end) as bigint) as parts,
        avg(case when not is_mean then value end) as mean_value,
        avg(value) as mean_value_with_means,
        avg(case when not is_mean then stderr end) as mean_stderr,
        avg(stderr) as mean_stderr_with_means,
        case
            when sum(case when not is_mean and stderr is null then 1 else 0 end) = 0
                then
                    sqrt(sum(case when not is_mean then stderr * stderr end))
                    / nullif(cast(sum(case when is_mean then 0 else 1 end) as double), 0e0)
        end as pooled_stderr
    from members
    group by job_id, task_key, metric_name

)

select * from final
