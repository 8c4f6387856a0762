-- Grain: one row per (job_id, table_name, expectation_key), current loads only.
-- After `evallake compact` a row may be in two files for a while; copies are equal in every column.

with source as (

    select * from {{ source('lake', 'expectation_results') }}

),

pin as (

    select * from {{ ref('stg_lake__current_loads') }}

),

typed as (

    select distinct
        source.job_id,
        source.load_id,
        source.table_name,
        source.expectation_key,
        source.expectation_type,
        source.column_names,
        source.severity,
        source.is_met,
        source.rows_checked,
        source.rows_unexpected,
        source.mostly,
        source.reason,
        source.unexpected_values_json,
        cast(source.checked_at_utc as timestamp) as checked_at_utc
    from source
    inner join pin
        on
            source.job_id = pin.job_id
            and source.load_id = pin.load_id

)

select * from typed
