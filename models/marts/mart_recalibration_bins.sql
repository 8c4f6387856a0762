-- Grain: one row per (job_id, slice_key, slice_value, method, bin) that holds an answer.
-- The reliability diagram after mending; mart_calibration_bins has the one before.

{{ config(materialized=kept_table()) }}

with bins as (

    select * from {{ ref('int_recalibration_outcomes') }}

),

slices as (

    select * from {{ ref('int_slices') }}

),

totals as (

    select * from {{ ref('int_slice_totals') }}

),

described as (

    {{ bins_of_slices('bins', 'slices', 'totals') }}

),

final as (

    select
        -- ids
        job_id,
        slice_key,
        slice_value,
        method,
        bin,

        -- measures
        {{ bin_columns(
            'cast(bin as double) / ' ~ var('calibration_bins') ~ 'e0',
            'cast(bin + 1 as double) / ' ~ var('calibration_bins') ~ 'e0'
        ) }}
    from described

)

select * from final
