-- Grain: one row per (example_number, slice_id).
-- Which slices an example is in, the whole job included, with what is counted there.

with example_slices as (

    select * from {{ ref('fct_example_slices') }} {{ of_changed_loads(compared='candidates') }}

),

slice_values as (

    select * from {{ ref('int_slice_values') }}

),

slices as (

    select * from {{ ref('int_slices') }}

),

outcomes as (

    select * from {{ ref('int_example_outcomes') }} {{ of_changed_loads('job_id', compared='candidates') }}

),

numbered as (

    select
        outcomes.example_number,
        slice_values.slice_id,
        slice_values.pair_key_number,
        slice_values.is_remainder,
        outcomes.cluster_number,
        outcomes.fold,
        outcomes.outcome_code,
        outcomes.confidence_bin,
        outcomes.is_correct,
        outcomes.confidence
    from example_slices
    inner join slice_values
        on
            example_slices.job_id = slice_values.job_id
            and example_slices.slice_key = slice_values.slice_key
            and example_slices.slice_value = slice_values.slice_value
    inner join outcomes
        on
            example_slices.job_id = outcomes.job_id
            and example_slices.example_id = outcomes.example_id

),

memberships as (

    select
        example_number,
        slice_id,
        pair_key_number,
        cluster_number,
        fold,
        outcome_code,
        confidence_bin,
        is_correct,
        confidence
    from numbered
    where not is_remainder

    union all

    -- an example with several rare values is in `(other)` once
    select distinct
        example_number,
        slice_id,
        pair_key_number,
        cluster_number,
        fold,
        outcome_code,
        confidence_bin,
        is_correct,
        confidence
    from numbered
    where is_remainder

    union all

    select
        outcomes.example_number,
        slices.slice_id,
        cast(null as bigint) as pair_key_number,
        outcomes.cluster_number,
        outcomes.fold,
        outcomes.outcome_code,
        outcomes.confidence_bin,
        outcomes.is_correct,
        outcomes.confidence
    from outcomes
    inner join slices
        on outcomes.job_id = slices.job_id
    where slices.slice_key = 'all'

),

final as (

    select
        -- ids
        example_number,
        cast(slice_id as bigint) as slice_id,
        cast(pair_key_number as bigint) as pair_key_number,
        cluster_number,

        -- attributes
        fold,
        outcome_code,
        confidence_bin,
        is_correct,

        -- measures
        confidence
    from memberships

)

select * from final
