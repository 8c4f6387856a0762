-- Grain: one row per (job_id, prompt_key), current loads only.

with source as (

    select * from {{ source('lake', 'judgments') }}

),

pin as (

    select * from {{ ref('stg_lake__current_loads') }}

),

typed as (

    select
        source.prompt_key,
        source.item_key,
        source.task_key,
        source.prompt,
        source.response_a,
        source.response_b,
        source.forward_verdict,
        source.backward_verdict,
        source.forward_status,
        source.backward_status,
        source.forward_output,
        source.backward_output,
        source.a_votes,
        source.b_votes,
        source.tie_votes,
        source.error_votes,
        source.score_a,
        source.score_b,
        source.margin_a_minus_b,
        source.justification,
        source.metadata_text,
        source.source_file,
        source.source_row,
        source.job_id,
        source.load_id
    from source
    inner join pin
        on
            source.job_id = pin.job_id
            and source.load_id = pin.load_id

)

select * from typed
