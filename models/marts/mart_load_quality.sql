-- Grain: one row per (job_id, table_name, expectation_key).
-- What came of every expectation that the visible load of a job was held against at the door.

with results as (

    select * from {{ ref('stg_lake__expectation_results') }}

),

loads as (

    select * from {{ ref('stg_lake__current_loads') }}

),

final as (

    select
        -- ids
        results.job_id,
        results.load_id,
        results.table_name,
        results.expectation_key,

        -- what is expected
        results.expectation_type,
        results.column_names,
        results.severity,
        results.reason as expected_because,
        results.mostly as required_ratio,

        -- what came of it
        results.is_met,
        results.rows_checked,
        results.rows_unexpected,
        1e0 - cast(results.rows_unexpected as double) / nullif(results.rows_checked, 0)
            as met_ratio,
        results.unexpected_values_json,
        case
            when results.severity = 'critical' and not results.is_met then loads.reason
        end as released_because,
        results.checked_at_utc
    from results
    inner join loads on results.load_id = loads.load_id

)

select * from final
