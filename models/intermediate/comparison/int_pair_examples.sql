-- Grain: one row per (key_number, is_candidate, example_id).
-- The answers behind each paired key, on both sides, with what is compared of the answer itself.

with requests as (

    select * from {{ ref('int_changed_pairs') }}

),

pair_keys as (

    select * from {{ ref('int_pair_keys') }}

),

examples as (

    select * from {{ ref('fct_examples') }} {{ of_compared_loads() }}

),

outcomes as (

    select * from {{ ref('int_example_outcomes') }} {{ of_compared_loads('job_id') }}

),

sides as (

    select
        pair_keys.key_number,
        pair_keys.pair_id,
        0 as is_candidate,
        requests.baseline_job_id as job_id,
        pair_keys.baseline_example_key as example_key,
        pair_keys.baseline_repeats as repeats
    from pair_keys
    inner join requests on pair_keys.pair_id = requests.pair_id

    union all

    select
        pair_keys.key_number,
        pair_keys.pair_id,
        1 as is_candidate,
        requests.candidate_job_id as job_id,
        pair_keys.candidate_example_key as example_key,
        pair_keys.candidate_repeats as repeats
    from pair_keys
    inner join requests on pair_keys.pair_id = requests.pair_id

),

final as (

    select
        -- ids
        sides.key_number,
        sides.pair_id,
        sides.is_candidate,
        examples.example_id,
        outcomes.example_number,

        -- attributes
        examples.is_correct,
        outcomes.confidence_bin,

        -- measures
        examples.confidence,
        sides.repeats,

        -- partition keys
        examples.job_id,
        examples.load_id
    from sides
    inner join examples
        on
            sides.job_id = examples.job_id
            and sides.example_key = examples.example_key
    inner join outcomes
        on
            examples.job_id = outcomes.job_id
            and examples.example_id = outcomes.example_id

)

select * from final
