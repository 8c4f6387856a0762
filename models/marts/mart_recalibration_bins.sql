-- Grain: one row per (job_id, slice_key, slice_value, method, bin) that holds an answer.
-- The reliability diagram after mending; mart_calibration_bins has the one before.

with bins as (

    select * from {{ ref('int_recalibration_outcomes') }}

),

slices as (

    select * from {{ ref('int_slices') }}

),

totals as (

    select *
    from {{ ref('int_slice_totals') }}
    where slice_id_2 = 0

),

described as (

    select
        bins.*,
        slices.job_id,
        slices.slice_key,
        slices.slice_value,
        totals.effective_share
    from bins
    inner join slices
        on bins.slice_id = slices.slice_id
    inner join totals
        on bins.slice_id = totals.slice_id

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
        cast(bin as double) / {{ var('calibration_bins') }}e0 as bin_lower,
        cast(bin + 1 as double) / {{ var('calibration_bins') }}e0 as bin_upper,
        examples,
        correct,
        sum_confidence,
        sum_confidence_square,
        sum_confidence_correct,
        {{ rate_columns('accuracy', 'correct', 'examples', 'effective_share') }},
        sum_confidence / cast(examples as double) as mean_confidence
    from described

)

select * from final
