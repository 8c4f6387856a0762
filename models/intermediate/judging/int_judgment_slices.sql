-- Grain: one row per (job_id, prompt_key, slice_key, slice_value).
-- All judged prompts of a job, and those with a value of a metadata key. Of a key with more values
-- than slice_max_values the largest are kept.

with judgments as (

    select * from {{ ref('int_judgments') }}

),

metadata as (

    select * from {{ ref('stg_lake__judgment_metadata') }} {{ of_changed_loads() }}

),

value_totals as (

    select
        job_id,
        metadata_key,
        metadata_value,
        count(*) as judgments
    from metadata
    group by job_id, metadata_key, metadata_value

),

ranked_values as (

    select
        job_id,
        metadata_key,
        metadata_value,
        row_number() over (
            partition by job_id, metadata_key
            order by judgments desc nulls last, metadata_value asc nulls last
        ) as place,
        count(*) over (partition by job_id, metadata_key) as key_values
    from value_totals

),

final as (

    select
        job_id,
        prompt_key,
        'all' as slice_key,
        'all' as slice_value,
        false as is_capped_key
    from judgments

    union all

    select
        metadata.job_id,
        metadata.prompt_key,
        case when metadata.metadata_key = 'all' then 'metadata.all' else metadata.metadata_key end
            as slice_key,
        metadata.metadata_value as slice_value,
        ranked_values.key_values > {{ var('slice_max_values') }} as is_capped_key
    from metadata
    inner join ranked_values
        on
            metadata.job_id = ranked_values.job_id
            and metadata.metadata_key = ranked_values.metadata_key
            and metadata.metadata_value = ranked_values.metadata_value
    where ranked_values.place <= {{ var('slice_max_values') }}

)

select * from final
