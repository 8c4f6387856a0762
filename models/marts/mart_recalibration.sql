-- Grain: one row per (job_id, slice_key, slice_value, method).
-- What confidence is worth before and after it was mended; every answer by a fit that did not
-- see it.

{{ config(materialized=kept_table()) }}

with bins as (

    select * from {{ ref('int_recalibration_outcomes') }}

),

fits as (

    select * from {{ ref('int_recalibration_fits') }}

),

slices as (

    select * from {{ ref('int_slices') }}

),

totals as (

    select *
    from {{ ref('int_slice_totals') }}
    where slice_id_2 = 0

),

raw_calibrations as (

    select * from {{ ref('int_slice_calibration') }}

),

errors as (

    {{ calibration_error('bins', ['slice_id', 'method']) }}

),

squares as (

    select
        slice_id,
        method,
        sum(sum_confidence) as sum_confidence,
        sum(sum_confidence_square) - 2e0 * sum(sum_confidence_correct)
        + cast(sum(correct) as double) as sum_squared_error,
        sum(sum_error_fourth) as sum_error_fourth
    from bins
    group by slice_id, method

),

parameters as (

    select
        slice_id,
        count(*) as folds,
        avg(temperature) as temperature,
        min(temperature) as temperature_lowest,
        max(temperature) as temperature_highest,
        avg(platt_slope) as platt_slope,
        min(platt_slope) as platt_slope_lowest,
        max(platt_slope) as platt_slope_highest,
        avg(platt_intercept) as platt_intercept,
        min(platt_intercept) as platt_intercept_lowest,
        max(platt_intercept) as platt_intercept_highest
    from fits
    group by slice_id

),

joined as (

    select
        slices.job_id,
        slices.slice_key,
        slices.slice_value,
        slices.is_capped,
        errors.slice_id,
        errors.method,
        errors.calibrated_examples,
        errors.calibrated_examples * totals.effective_share as calibrated_worth,
        {{ t_quantile(
            var('interval_level'), '(errors.calibrated_examples * totals.effective_share - 1e0)'
        ) }} as quantile,
        totals.calibrated_correct,
        totals.sum_calibrated_confidence,
        totals.sum_squared_error as sum_squared_error_before,
        totals.sum_error_fourth as sum_error_fourth_before,
        raw_calibrations.ece_equal_width as ece_before,
        raw_calibrations.ece_equal_width_lower as ece_before_lower,
        raw_calibrations.ece_equal_width_upper as ece_before_upper,
        errors.ece as ece_after,
        -- chance grows by the root of what repeated answers are not worth
        errors.ece_chance / sqrt(totals.effective_share) as ece_chance,
        errors.ece_baseline as ece_after_baseline,
        squares.sum_confidence,
        squares.sum_squared_error,
        squares.sum_error_fourth,
        squares.sum_squared_error / cast(errors.calibrated_examples as double) as brier_after,
        {%- for name in ['temperature', 'platt_slope', 'platt_intercept'] %}
        {%- for suffix in ['', '_lowest', '_highest'] %}
        case when errors.method = '{{ name.split('_')[0] }}' then parameters.{{ name }}{{ suffix }} end
            as {{ name }}{{ suffix }},
        {%- endfor %}
        {%- endfor %}
        parameters.folds
    from errors
    inner join squares
        on
            errors.slice_id = squares.slice_id
            and errors.method = squares.method
    inner join parameters
        on errors.slice_id = parameters.slice_id
    inner join slices
        on errors.slice_id = slices.slice_id
    inner join totals
        on errors.slice_id = totals.slice_id
    inner join raw_calibrations
        on errors.slice_id = raw_calibrations.slice_id

),

final as (

    select
        -- ids
        job_id,
        slice_key,
        slice_value,
        method,

        -- attributes
        is_capped,
        method = '{{ var('recalibration_method') }}' as is_chosen_method,

        -- parameters, over the folds
        folds,
        temperature,
        temperature_lowest,
        temperature_highest,
        platt_slope,
        platt_slope_lowest,
        platt_slope_highest,
        platt_intercept,
        platt_intercept_lowest,
        platt_intercept_highest,

        -- measures
        calibrated_examples,
        calibrated_correct,
        cast(calibrated_correct as double) / cast(calibrated_examples as double) as accuracy,
        {%- for side in ['lower', 'upper'] %}
        {{ wilson_bound(
            '(cast(calibrated_correct as double) / cast(calibrated_examples as double))',
            'calibrated_worth', side
        ) }} as accuracy_{{ side }},
        {%- endfor %}
        sum_calibrated_confidence / cast(calibrated_examples as double) as mean_confidence_before,
        sum_confidence / cast(calibrated_examples as double) as mean_confidence_after,
        ece_before,
        ece_before_lower,
        ece_before_upper,
        ece_after,
        {%- for side in ['lower', 'upper'] %}
        {{ ece_bound('ece_after', 'ece_chance', 'brier_after', 'calibrated_worth', side) }}
            as ece_after_{{ side }},
        {%- endfor %}
        ece_after_baseline,
        sum_squared_error_before / cast(calibrated_examples as double) as brier_before,
        {%- for side in ['lower', 'upper'] %}
        {{ mean_bound(
            'sum_squared_error_before', 'sum_error_fourth_before', 'calibrated_examples',
            'calibrated_worth', 'quantile', side
        ) }} as brier_before_{{ side }},
        {%- endfor %}
        brier_after,
        {%- for side in ['lower', 'upper'] %}
        {{ mean_bound(
            'sum_squared_error', 'sum_error_fourth', 'calibrated_examples',
            'calibrated_worth', 'quantile', side
        ) }} as brier_after_{{ side }}{{ ',' if not loop.last }}
        {%- endfor %}
    from joined

)

select * from final
