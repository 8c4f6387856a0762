-- Grain: one row per (job_id, prompt_key, metadata_key, metadata_value), current loads only.

with source as (

    select * from {{ source('lake', 'judgment_metadata') }}

),

pin as (

    select * from {{ ref('stg_lake__current_loads') }}

),

typed as (

    select
        source.prompt_key,
        source.metadata_key,
        source.metadata_value,
        source.value_type,
        source.job_id,
        source.load_id
    from source
    inner join pin
        on
            source.job_id = pin.job_id
            and source.load_id = pin.load_id

)

select * from typed
