-- Grain: one row per (slice_id, method, bin) that holds an answer.
-- Answers by bins of equal width over their mended confidence, each from a fold that it was not in.

with example_slices as (

    select * from {{ ref('int_example_slices') }}

),

fits as (

    select * from {{ ref('int_recalibration_fits') }}

),

steps as (

    select * from {{ ref('int_recalibration_steps') }}

),

placed as (

    select
        example_slices.slice_id,
        example_slices.fold,
        example_slices.is_correct,
        fits.temperature,
        fits.platt_slope,
        fits.platt_intercept,
        {{ logit('example_slices.confidence') }} as logit_confidence
    from example_slices
    inner join fits
        on
            example_slices.slice_id = fits.slice_id
            and example_slices.fold = fits.fold
    where example_slices.confidence is not null and example_slices.is_correct is not null

),

stepped as (

    select
        placed.*,
        steps.isotonic_confidence
    from placed
    inner join steps
        on
            placed.slice_id = steps.slice_id
            and placed.fold = steps.fold
            and {{ logit_bin('placed.logit_confidence') }} = steps.logit_bin

),

methods as (

    select v.method
    from (values ('temperature'), ('platt'), ('isotonic')) as v (method)

),

mended as (

    select
        stepped.slice_id,
        stepped.is_correct,
        methods.method,
        case methods.method
            when 'temperature'
                then {{ logistic('stepped.logit_confidence / stepped.temperature') }}
            when 'platt'
                then
                    {{ logistic(
                        'stepped.platt_intercept + stepped.platt_slope * stepped.logit_confidence'
                    ) }}
            else stepped.isotonic_confidence
        end as confidence
    from stepped
    cross join methods

),

binned as (

    select
        *,
        {{ equal_width_bin('confidence') }} as bin
    from mended

),

final as (

    select
        -- ids
        slice_id,
        method,
        cast(bin as integer) as bin,

        -- measures
        count(*) as examples,
        count(*) filter (where is_correct) as correct,
        sum(confidence) as sum_confidence,
        sum(confidence * confidence) as sum_confidence_square,
        sum(case when is_correct then confidence else 0e0 end) as sum_confidence_correct,
        -- (p - y)^4: how the squared errors of the Brier score scatter
        sum(case when is_correct then power(1e0 - confidence, 4) else power(confidence, 4) end)
            as sum_error_fourth
    from binned
    group by slice_id, method, bin

)

select * from final
