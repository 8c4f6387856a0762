-- Grain: one row per (job_id, task_key, metric_name), current loads only.
-- After `evallake compact` a row may be in two files for a while; copies are equal in every column.

with source as (

    select * from {{ source('lake', 'job_metrics') }}

),

pin as (

    select * from {{ ref('stg_lake__current_loads') }}

),

typed as (

    select distinct
        source.job_id,
        source.load_id,
        source.task_key,
        source.task_name,
        source.subtask,
        source.metric_name,
        source.value,
        source.stderr,
        source.higher_is_better,
        source.aggregation,
        source.scale_max,
        source.examples_expected,
        source.source_file
    from source
    inner join pin
        on
            source.job_id = pin.job_id
            and source.load_id = pin.load_id

)

select * from typed
