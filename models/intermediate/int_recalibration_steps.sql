-- Grain: one row per (slice_id, fold, logit_bin), all 1 000 bins of each fold.
-- Isotonic regression of each fold, fitted on the others over at most 100 equally filled steps:
-- the value of a step is the largest over its beginnings of the smallest over its ends of the
-- accuracy between them (max-min formula; Robertson, Wright and Dykstra 1988).

with training as (

    select * from {{ ref('int_recalibration_training') }}

),

steps as (

    select
        slice_id,
        fold,
        step,
        sum(examples) as examples,
        sum(correct) as correct
    from training
    where examples > 0
    group by slice_id, fold, step

),

cumulated as (

    select
        slice_id,
        fold,
        step,
        examples,
        correct,
        sum(examples) over (
            partition by slice_id, fold
            order by step asc nulls last
            rows between unbounded preceding and current row
        ) as examples_through,
        sum(correct) over (
            partition by slice_id, fold
            order by step asc nulls last
            rows between unbounded preceding and current row
        ) as correct_through
    from steps

),

blocks as (

    select
        ends.slice_id,
        ends.fold,
        beginnings.step as first_step,
        ends.step as last_step,
        cast(ends.correct_through - beginnings.correct_through + beginnings.correct as double)
        / cast(
            ends.examples_through - beginnings.examples_through + beginnings.examples as double
        ) as accuracy
    from cumulated as beginnings
    inner join cumulated as ends
        on
            beginnings.slice_id = ends.slice_id
            and beginnings.fold = ends.fold
            and beginnings.step <= ends.step

),

smallest as (

    select
        slice_id,
        fold,
        last_step as step,
        min(accuracy) over (
            partition by slice_id, fold, first_step
            order by last_step desc nulls last
            rows between unbounded preceding and current row
        ) as smallest_accuracy
    from blocks

),

fitted as (

    select
        slice_id,
        fold,
        step,
        max(smallest_accuracy) as isotonic_confidence
    from smallest
    group by slice_id, fold, step

),

folds as (

    select
        slice_id,
        fold
    from steps
    group by slice_id, fold

),

bins as (

    select
        folds.slice_id,
        folds.fold,
        cast(u.bin as integer) as logit_bin
    from folds
    cross join unnest(sequence(0, 999)) as u (bin)

),

-- a bin without training answers takes the value of the bin below it, else the lowest there is
carried as (

    select
        bins.slice_id,
        bins.fold,
        bins.logit_bin,
        max(fitted.isotonic_confidence) over (
            partition by bins.slice_id, bins.fold
            order by bins.logit_bin asc
            rows between unbounded preceding and current row
        ) as value_below,
        min(fitted.isotonic_confidence) over (partition by bins.slice_id, bins.fold)
            as lowest_value
    from bins
    left join training
        on
            bins.slice_id = training.slice_id
            and bins.fold = training.fold
            and bins.logit_bin = training.logit_bin
            and training.examples > 0
    left join fitted
        on
            training.slice_id = fitted.slice_id
            and training.fold = fitted.fold
            and training.step = fitted.step

),

final as (

    select
        -- ids
        slice_id,
        fold,
        logit_bin,

        -- measures
        coalesce(value_below, lowest_value) as isotonic_confidence
    from carried

)

select * from final
