-- Grain: one row per (slice_id, slice_id_2, outcome_code, confidence_bin).
-- How often each outcome happens in each slice, and in each pair of slices of different keys.
-- A single slice has slice_id_2 = 0; pairs are not split by confidence_bin (it is null there).

with example_slices as (

    select * from {{ ref('int_example_slices') }} {{ of_changed_slices() }}

),

singles as (

    select
        slice_id,
        0 as slice_id_2,
        outcome_code,
        confidence_bin,
        count(*) as examples,
        sum(confidence) as sum_confidence,
        sum(confidence * confidence) as sum_confidence_square,
        -- (p - y)^4: how the squared errors of the Brier score scatter
        sum(
            case
                when is_correct then power(1e0 - confidence, 4)
                when not is_correct then power(confidence, 4)
            end
        ) as sum_error_fourth
    from example_slices
    group by slice_id, outcome_code, confidence_bin

),

pairs as (

    select
        first_slices.slice_id,
        second_slices.slice_id as slice_id_2,
        first_slices.outcome_code,
        cast(null as integer) as confidence_bin,
        count(*) as examples,
        sum(first_slices.confidence) as sum_confidence,
        sum(first_slices.confidence * first_slices.confidence) as sum_confidence_square,
        cast(null as double) as sum_error_fourth
    from example_slices as first_slices
    inner join example_slices as second_slices
        on
            first_slices.example_number = second_slices.example_number
            and first_slices.pair_key_number < second_slices.pair_key_number
    group by first_slices.slice_id, second_slices.slice_id, first_slices.outcome_code

),

outcomes as (

    select * from singles
    union all
    select * from pairs

),

final as (

    select
        -- ids
        slice_id,
        cast(slice_id_2 as bigint) as slice_id_2,
        outcome_code,
        confidence_bin,

        -- measures
        examples,
        sum_confidence,
        sum_confidence_square,
        sum_error_fourth
    from outcomes

)

select * from final
