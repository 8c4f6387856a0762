-- Grain: one row per job_id, current loads only.
-- After `evallake compact` a row may be in two files for a while; copies are equal in every column.

with source as (

    select * from {{ source('lake', 'jobs') }}

),

pin as (

    select * from {{ ref('stg_lake__current_loads') }}

),

typed as (

    select distinct
        source.job_id,
        source.load_id,
        source.harness,
        source.harness_version,
        source.run_name,
        source.training_job_name,
        source.source_uri,
        source.model_name,
        source.model_family,
        source.task_name,
        source.strategy,
        source.dataset_id,
        source.dataset_name,
        cast(source.evaluated_at_utc as timestamp) as evaluated_at_utc,
        cast(source.landed_at_utc as timestamp) as landed_at_utc,
        source.evaluation_seconds,
        source.examples_expected,
        source.examples,
        source.temperature,
        source.top_p,
        source.top_k,
        source.max_new_tokens,
        source.top_logprobs,
        source.reasoning_effort,
        source.replicas,
        source.instance_type,
        cast(source.training_started_at_utc as timestamp) as training_started_at_utc,
        cast(source.training_ended_at_utc as timestamp) as training_ended_at_utc,
        source.training_seconds,
        source.container_image,
        source.tags_json,
        source.recipe_json,
        source.hyperparameters_json,
        source.config_json
    from source
    inner join pin
        on
            source.job_id = pin.job_id
            and source.load_id = pin.load_id

)

select * from typed
