-- Grain: one row per (job_id, slice_key, slice_value, fold).
-- The parameters that mend the confidence of one fold's answers, fitted on the other folds.

{{ config(materialized=kept_table()) }}

with fits as (

    select * from {{ ref('int_recalibration_fits') }}

),

slices as (

    select * from {{ ref('int_slices') }}

),

final as (

    select
        -- ids
        slices.job_id,
        slices.slice_key,
        slices.slice_value,
        fits.fold,

        -- measures
        fits.training_examples,
        fits.training_correct,
        fits.temperature,
        fits.is_temperature_settled,
        fits.platt_slope,
        fits.platt_intercept,
        fits.is_platt_settled
    from fits
    inner join slices
        on fits.slice_id = slices.slice_id

)

select * from final
