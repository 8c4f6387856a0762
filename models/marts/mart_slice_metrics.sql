-- Grain: one row per (job_id, slice_key, slice_value, slice_key_2, slice_value_2).
-- The second key and value are null where is_pair is false.

{{ config(materialized=kept_table()) }}

with totals as (

    select * from {{ ref('int_slice_totals') }}

),

slices as (

    select * from {{ ref('int_slices') }}

),

calibrations as (

    select * from {{ ref('int_slice_calibration') }}

),

described as (

    select
        first_slices.job_id,
        first_slices.slice_key,
        first_slices.slice_value,
        second_slices.slice_key as slice_key_2,
        second_slices.slice_value as slice_value_2,
        second_slices.slice_id is not null as is_pair,
        first_slices.is_outcome_slice or coalesce(second_slices.is_outcome_slice, false)
            as is_outcome_slice,
        first_slices.is_capped or coalesce(second_slices.is_capped, false) as is_capped,
        first_slices.key_values,
        second_slices.key_values as key_values_2,
        totals.*,
        totals.confident_examples * totals.effective_share as confident_worth,
        totals.calibrated_examples * totals.effective_share as calibrated_worth,
        -- p - y, summed
        totals.sum_calibrated_confidence - totals.calibrated_correct as sum_gap,
        {{ t_quantile(
            var('interval_level'), '(totals.confident_examples * totals.effective_share - 1e0)'
        ) }} as confident_quantile,
        {{ t_quantile(
            var('interval_level'), '(totals.calibrated_examples * totals.effective_share - 1e0)'
        ) }} as calibrated_quantile
    from totals
    inner join slices as first_slices
        on totals.slice_id = first_slices.slice_id
    left join slices as second_slices
        on totals.slice_id_2 = second_slices.slice_id
    where totals.slice_id > 0

),

final as (

    select
        -- ids
        described.job_id,
        described.slice_key,
        described.slice_value,
        described.slice_key_2,
        described.slice_value_2,

        -- attributes
        described.is_pair,
        described.is_outcome_slice,
        described.is_capped,
        described.key_values,
        described.key_values_2,
        case
            when described.accuracy is null or described.confident_examples = 0 then null
            when described.accuracy < cast({{ var('segment_accuracy') }} as double)
                and described.sum_confidence / described.confident_examples
                < cast({{ var('segment_confidence') }} as double)
                then 'critical'
            when described.accuracy < cast({{ var('segment_accuracy') }} as double) then 'training_gap'
            when described.sum_confidence / described.confident_examples
                < cast({{ var('segment_confidence') }} as double)
                then 'conservative'
            else 'optimal'
        end as segment_kind,

        -- accuracy
        described.examples,
        described.scored_examples,
        described.correct,
        described.accuracy,
        {{ wilson_bound('described.accuracy', 'described.effective_examples', 'lower') }}
            as accuracy_lower,
        {{ wilson_bound('described.accuracy', 'described.effective_examples', 'upper') }}
            as accuracy_upper,
        described.accuracy_stderr,
        described.clusters,
        described.design_effect,
        described.effective_examples,

        -- quality and shape
        described.quality_examples,
        described.quality_passes,
        {{ rate_columns(
            'quality_pass_rate',
            'described.quality_passes', 'described.quality_examples', 'described.effective_share'
        ) }},
        described.schema_examples,
        described.schema_valid,
        {{ rate_columns(
            'schema_adherence',
            'described.schema_valid', 'described.schema_examples', 'described.effective_share'
        ) }},

        -- confidence
        described.confident_examples,
        cast(described.confident_examples as double) / described.examples as confidence_coverage,
        described.sum_confidence,
        described.sum_confidence / nullif(cast(described.confident_examples as double), 0e0)
            as mean_confidence,
        {%- for side in ['lower', 'upper'] %}
        {{ mean_bound(
            'described.sum_confidence', 'described.sum_confidence_square',
            'described.confident_examples', 'described.confident_worth',
            'described.confident_quantile', side
        ) }} as mean_confidence_{{ side }},
        {%- endfor %}
        described.low_confidence_examples,
        {{ rate_columns(
            'low_confidence_rate',
            'described.low_confidence_examples', 'described.confident_examples',
            'described.effective_share'
        ) }},
        described.calibrated_examples,
        described.calibrated_correct,
        described.sum_calibrated_confidence,
        described.overconfident_errors,
        {{ rate_columns(
            'overconfident_rate',
            'described.overconfident_errors', 'described.calibrated_examples',
            'described.effective_share'
        ) }},
        described.sum_gap / nullif(cast(described.calibrated_examples as double), 0e0)
            as calibration_gap,
        {%- for side in ['lower', 'upper'] %}
        {{ mean_bound(
            'described.sum_gap', 'described.sum_squared_error',
            'described.calibrated_examples', 'described.calibrated_worth',
            'described.calibrated_quantile', side
        ) }} as calibration_gap_{{ side }},
        {%- endfor %}
        described.sum_squared_error,

        -- calibration and ranking, single slices only
        calibrations.ece_equal_width,
        calibrations.ece_equal_width_lower,
        calibrations.ece_equal_width_upper,
        calibrations.ece_baseline,
        calibrations.ece_debiased,
        calibrations.ece_equal_mass,
        calibrations.ece_equal_mass_lower,
        calibrations.ece_equal_mass_upper,
        calibrations.brier,
        {%- for side in ['lower', 'upper'] %}
        case
            when calibrations.brier is not null
                then
                    {{ mean_bound(
                        'described.sum_squared_error', 'described.sum_error_fourth',
                        'described.calibrated_examples', 'described.calibrated_worth',
                        'described.calibrated_quantile', side
                    ) }}
        end as brier_{{ side }},
        {%- endfor %}
        calibrations.auroc,
        calibrations.auroc_lower,
        calibrations.auroc_upper,
        calibrations.aurc,
        calibrations.e_aurc
    from described
    left join calibrations
        on
            described.slice_id = calibrations.slice_id
            and not described.is_pair

)

select * from final
