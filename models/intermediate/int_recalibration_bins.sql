-- Grain: one row per (slice_id, fold, logit_bin) that holds an answer.
-- Answers with a confidence and a verdict, by the log odds of their confidence: all that a fit
-- needs. Of the slices that a confidence may be mended for: known before the answer, large enough.

with example_slices as (

    select * from {{ ref('int_example_slices') }}

),

slices as (

    select * from {{ ref('int_slices') }}

),

totals as (

    select * from {{ ref('int_slice_totals') }}

),

fitted_slices as (

    select slices.slice_id
    from slices
    inner join totals
        on
            slices.slice_id = totals.slice_id
            and totals.slice_id_2 = 0
    where
        not slices.is_outcome_slice
        and totals.calibrated_examples >= {{ var('recalibration_min_examples') }}

),

placed as (

    select
        example_slices.slice_id,
        example_slices.fold,
        example_slices.is_correct,
        {{ logit('example_slices.confidence') }} as logit_confidence
    from example_slices
    inner join fitted_slices
        on example_slices.slice_id = fitted_slices.slice_id
    where example_slices.confidence is not null and example_slices.is_correct is not null

),

final as (

    select
        -- ids
        slice_id,
        fold,
        {{ logit_bin('logit_confidence') }} as logit_bin,

        -- measures
        count(*) as examples,
        count(*) filter (where is_correct) as correct,
        sum(logit_confidence) as sum_logit
    from placed
    group by slice_id, fold, {{ logit_bin('logit_confidence') }}

)

select * from final
