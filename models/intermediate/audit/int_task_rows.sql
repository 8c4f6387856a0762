-- Grain: one row per (job_id, task_key).
-- How many rows each task has: examples, or judged prompts.

with task_metrics as (

    select * from {{ ref('int_task_metrics') }}

),

judgments as (

    select * from {{ ref('int_judgments') }}

),

rows_of_tasks as (

    select
        job_id,
        task_key,
        count(*) as row_count
    from {{ ref('stg_lake__examples') }} {{ of_changed_loads() }}
    group by job_id, task_key

    union all

    select
        job_id,
        task_key,
        count(*) as row_count
    from judgments
    group by job_id, task_key

),

-- rows that brought metrics, where any did: answers may be there twice, and whole in one file alone
measured_tasks as (

    select
        job_id,
        task_key,
        max(metric_rows) as metric_rows
    from task_metrics
    group by job_id, task_key

),

final as (

    select
        -- ids
        rows_of_tasks.job_id,
        rows_of_tasks.task_key,

        -- measures
        cast(
            coalesce(max(measured_tasks.metric_rows), sum(rows_of_tasks.row_count)) as bigint
        ) as examples
    from rows_of_tasks
    left join measured_tasks
        on
            rows_of_tasks.job_id = measured_tasks.job_id
            and rows_of_tasks.task_key = measured_tasks.task_key
    group by rows_of_tasks.job_id, rows_of_tasks.task_key

)

select * from final
