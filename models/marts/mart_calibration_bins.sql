-- Grain: one row per (job_id, slice_key, slice_value, binning, bin) that holds an answer.

{{ config(materialized=kept_table()) }}

with bins as (

    select * from {{ ref('int_calibration_bins') }}

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

with_gaps as (

    select
        *,
        examples * effective_share as worth,
        -- p - y, and its square, summed
        sum_confidence - correct as sum_gap,
        sum_confidence_square - 2e0 * sum_confidence_correct + correct as sum_gap_square,
        {{ t_quantile(var('interval_level'), '(examples * effective_share - 1e0)') }} as quantile
    from described

),

final as (

    select
        -- ids
        job_id,
        slice_key,
        slice_value,
        binning,
        bin,

        -- attributes
        is_outcome_slice,
        is_capped,

        -- measures
        {{ bin_columns('bin_lower', 'bin_upper') }},
        {%- for side in ['lower', 'upper'] %}
        {{ mean_bound(
            'sum_confidence', 'sum_confidence_square', 'examples', 'worth', 'quantile', side
        ) }} as mean_confidence_{{ side }},
        {%- endfor %}
        sum_gap / cast(examples as double) as calibration_gap,
        {{ mean_bound('sum_gap', 'sum_gap_square', 'examples', 'worth', 'quantile', 'lower') }}
            as calibration_gap_lower,
        {{ mean_bound('sum_gap', 'sum_gap_square', 'examples', 'worth', 'quantile', 'upper') }}
            as calibration_gap_upper
    from with_gaps

)

select * from final
