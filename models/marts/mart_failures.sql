-- Grain: one row per (job_id, example_id).
-- Answers that somebody should look at: wrong, unsure, sure but wrong, or not in the shape asked
-- for. The first category that applies, in the order below, says what went wrong.

{{ config(materialized=kept_table()) }}

with examples as (

    select * from {{ ref('fct_examples') }} {{ of_changed_loads() }}

),

texts as (

    select * from {{ ref('stg_lake__examples') }} {{ of_changed_loads() }}

),

jobs as (

    select * from {{ ref('dim_jobs') }}

),

vocabulary as (

    select
        job_id,
        gold_label_normalized
    from examples
    where gold_label_normalized is not null
    group by job_id, gold_label_normalized

),

flagged as (

    select
        examples.*,
        coalesce(not examples.is_correct, false) as is_wrong,
        coalesce(
            examples.confidence < cast({{ var('low_confidence') }} as double), false
        ) as is_low_confidence,
        coalesce(
            not examples.is_correct
            and examples.confidence >= cast({{ var('low_confidence') }} as double),
            false
        ) as is_overconfident_error,
        coalesce(not examples.is_schema_valid, false) as is_schema_invalid
    from examples

),

failures as (

    select
        flagged.*,
        jobs.max_new_tokens,
        vocabulary.gold_label_normalized is not null as is_known_label,
        texts.query,
        texts.gold_text,
        texts.prediction_text,
        lower(texts.prediction_text) as lower_prediction
    from flagged
    inner join jobs on flagged.job_id = jobs.job_id
    inner join texts
        on
            flagged.load_id = texts.load_id
            and flagged.example_id = texts.example_id
    left join vocabulary
        on
            flagged.job_id = vocabulary.job_id
            and flagged.predicted_label_normalized = vocabulary.gold_label_normalized
    where
        flagged.is_wrong
        or flagged.is_low_confidence
        or flagged.is_overconfident_error
        or flagged.is_schema_invalid

),

final as (

    select
        -- ids
        example_id,
        example_key,

        -- attributes
        task_name,
        gold_label,
        predicted_label,
        is_correct,
        is_wrong,
        is_low_confidence,
        is_overconfident_error,
        is_schema_invalid,
        case
            when not is_wrong and not is_schema_invalid then null
            when
                is_schema_invalid and coalesce(prediction_format <> 'json', true)
                then 'json_format'
            when
                prediction_tokens >= max_new_tokens
                or prediction_characters > {{ var('failure_length_ratio') }} * gold_characters
                or prediction_characters * {{ var('failure_length_ratio') }} < gold_characters
                then 'length'
            when gold_label_normalized is not null and not is_known_label then 'label'
            when
                {%- for phrase in var('hedging_phrases') %}
                {{ 'or ' if not loop.first }}strpos(lower_prediction, '{{ phrase | replace("'", "''") }}') > 0
                {%- endfor %}
                then 'hedging'
            else 'content'
        end as error_category,

        -- measures
        confidence,
        quality_score,

        -- texts
        substr(query, 1, 300) as query_excerpt,
        substr(gold_text, 1, 300) as gold_excerpt,
        substr(prediction_text, 1, 300) as prediction_excerpt,

        -- partition keys
        job_id,
        load_id
    from failures

)

select * from final
