-- Grain: one row per (slice_id, fold, logit_bin).
-- What a fold is fitted on: the answers of all other folds. A bin that only the fold itself has
-- holds no answer here; it still gets its place in the order of bins.

with bins as (

    select * from {{ ref('int_recalibration_bins') }}

),

folds as (

    select
        slice_id,
        fold
    from bins
    group by slice_id, fold

),

slice_bins as (

    select
        slice_id,
        logit_bin,
        sum(examples) as examples,
        sum(correct) as correct,
        sum(sum_logit) as sum_logit
    from bins
    group by slice_id, logit_bin

),

others as (

    select
        folds.slice_id,
        folds.fold,
        slice_bins.logit_bin,
        slice_bins.examples - coalesce(bins.examples, 0) as examples,
        slice_bins.correct - coalesce(bins.correct, 0) as correct,
        slice_bins.sum_logit - coalesce(bins.sum_logit, 0e0) as sum_logit
    from folds
    inner join slice_bins
        on folds.slice_id = slice_bins.slice_id
    left join bins
        on
            folds.slice_id = bins.slice_id
            and folds.fold = bins.fold
            and slice_bins.logit_bin = bins.logit_bin

),

placed as (

    select
        *,
        sum(examples) over (
            partition by slice_id, fold
            order by logit_bin asc
            rows between unbounded preceding and current row
        ) as reached,
        sum(examples) over (partition by slice_id, fold) as total_examples,
        sum(correct) over (partition by slice_id, fold) as total_correct
    from others

),

final as (

    select
        -- ids
        slice_id,
        fold,
        logit_bin,

        -- attributes; the step of 100 equally filled ones in which the middle of the bin lies
        cast(
            floor(
                cast(100 * (2 * reached - examples) as double) / cast(2 * total_examples as double)
            ) as integer
        ) as step,

        -- measures
        cast(examples as bigint) as examples,
        cast(correct as bigint) as correct,
        case when examples > 0 then sum_logit / cast(examples as double) end as mean_logit,
        cast(total_examples as bigint) as total_examples,
        cast(total_correct as bigint) as total_correct
    from placed
    where total_examples > 0

)

select * from final
