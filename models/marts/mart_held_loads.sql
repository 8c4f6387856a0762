-- Grain: one row per load_id.
-- Loads that failed a critical expectation: they are in the lake, and no other table shows them.

with loads as (

    select * from {{ ref('stg_lake__loads') }}

),

visible as (

    select * from {{ ref('stg_lake__current_loads') }}

),

final as (

    select
        -- ids
        loads.job_id,
        loads.load_id,

        -- why
        loads.reason as held_because,
        loads.findings_json,
        visible.load_id as visible_load_id,

        -- what it is
        loads.source_uri,
        loads.format,
        loads.rows_read,
        loads.rows_landed,
        loads.rows_merged,
        loads.rows_duplicate,
        loads.rows_rejected,
        loads.ingested_at_utc
    from loads
    left join visible on loads.job_id = visible.job_id
    where loads.state = 'held'

)

select * from final
