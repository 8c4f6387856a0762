-- Grain: one row per (job_id, example_id) with a confidence, in a job with enough of them to fit.
-- Every answer's confidence, mended by what the other folds of its job say.

with outcomes as (

    select * from {{ ref('int_example_outcomes') }}

),

loads as (

    select * from {{ ref('stg_lake__current_loads') }}

),

slices as (

    select * from {{ ref('int_slices') }}

),

fits as (

    select * from {{ ref('int_recalibration_fits') }}

),

steps as (

    select * from {{ ref('int_recalibration_steps') }}

),

job_fits as (

    select
        slices.job_id,
        loads.load_id,
        fits.*
    from fits
    inner join slices
        on fits.slice_id = slices.slice_id
    inner join loads
        on slices.job_id = loads.job_id
    where slices.slice_key = 'all'

),

placed as (

    select
        outcomes.example_id,
        outcomes.job_id,
        job_fits.load_id,
        job_fits.slice_id,
        outcomes.fold,
        job_fits.temperature,
        job_fits.platt_slope,
        job_fits.platt_intercept,
        {{ logit('outcomes.confidence') }} as logit_confidence
    from outcomes
    inner join job_fits
        on
            outcomes.job_id = job_fits.job_id
            and outcomes.fold = job_fits.fold
    where outcomes.confidence is not null

),

mended as (

    select
        placed.*,
        {{ logistic('placed.logit_confidence / placed.temperature') }} as temperature_confidence,
        {{ logistic('placed.platt_intercept + placed.platt_slope * placed.logit_confidence') }}
            as platt_confidence,
        steps.isotonic_confidence
    from placed
    left join steps
        on
            placed.slice_id = steps.slice_id
            and placed.fold = steps.fold
            and {{ logit_bin('placed.logit_confidence') }} = steps.logit_bin

),

final as (

    select
        -- ids
        example_id,
        job_id,
        load_id,

        -- attributes
        fold,

        -- measures
        temperature_confidence,
        platt_confidence,
        isotonic_confidence
    from mended

)

select * from final
