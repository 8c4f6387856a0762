-- Grain: one row per (job_id, example_id), current loads only.

with source as (

    select * from {{ source('lake', 'example_bleu') }}

),

pin as (

    select * from {{ ref('stg_lake__current_loads') }}

),

typed as (

    select
        source.example_id,
        source.correct_1,
        source.correct_2,
        source.correct_3,
        source.correct_4,
        source.total_1,
        source.total_2,
        source.total_3,
        source.total_4,
        source.prediction_words,
        source.reference_words,
        source.job_id,
        source.load_id
    from source
    inner join pin
        on
            source.job_id = pin.job_id
            and source.load_id = pin.load_id

)

select * from typed
