-- Grain: one row per (job_id, example_id).
-- An answer without a label is wrong where gold has one; it is null only where no rule applies.

{{ config(partitioned_by=fact_partitions()) }}
{%- set clusters_by_metadata = var('cluster_field') not in ('example_key', 'item_key') %}
{%- set answer_schema = var('answer_schema') %}

with examples as (

    select * from {{ ref('stg_lake__examples') }} {{ of_new_loads() }}

),

rules as (

    select * from {{ ref('int_task_rules') }}

),

fields as (

    select * from {{ ref('stg_lake__example_fields') }} {{ of_new_loads() }}

),

metrics as (

    select * from {{ ref('stg_lake__example_metrics') }} {{ of_new_loads() }}

),

-- the few metrics that a rule names, so that the joins below hold no others
ruling_metrics as (

    select
        load_id,
        example_id,
        metric_name,
        metric_value
    from metrics
    where
        metric_name in (select correctness_metric from rules)
        or metric_name in (select quality_metric from rules)

),

metadata as (

    select * from {{ ref('stg_lake__example_metadata') }} {{ of_new_loads() }}

),

field_pairs as (

    select * from {{ ref('fct_field_confidence') }} {{ of_new_loads() }}

),

confidences as (

    select * from {{ ref('int_example_confidence') }} {{ of_new_loads() }}

),

gold_labels as (

    select
        load_id,
        example_id,
        field_value,
        normalized_value
    from fields
    where
        side = 'gold'
        and field_path = '{{ var('label_field') | replace("'", "''") }}'
        and normalized_value <> ''

),

-- half a label, where the answer ends inside of it, is none
predicted_labels as (

    select
        load_id,
        example_id,
        field_value,
        normalized_value
    from fields
    where
        side = 'predicted'
        and field_path = '{{ var('label_field') | replace("'", "''") }}'
        and normalized_value <> ''
        and not is_cut_short

),
{%- if answer_schema is not none %}

-- one pass over the predicted leaves
schema_followers as (

    select
        load_id,
        example_id
    from fields
    where side = 'predicted'
    group by load_id, example_id
    having
        {{ follows_schema(answer_schema) }}

),
{%- else %}

-- gold leaves that the answer lacks at the very same path ...
absent_leaves as (

    select
        load_id,
        example_id,
        field_path,
        regexp_replace(field_path, '\[[0-9]+\]', '[]') as field_shape
    from field_pairs
    where
        has_gold
        and not has_prediction

),

lacking_examples as (

    select
        load_id,
        example_id
    from absent_leaves
    group by load_id, example_id

),

other_leaves as (

    select
        field_pairs.load_id,
        field_pairs.example_id,
        field_pairs.field_path,
        regexp_replace(field_pairs.field_path, '\[[0-9]+\]', '[]') as field_shape
    from field_pairs
    inner join lacking_examples
        on
            field_pairs.load_id = lacking_examples.load_id
            and field_pairs.example_id = lacking_examples.example_id
    where field_pairs.has_prediction

),

-- ... and of these the ones it also lacks at another array position, or with content in them
absent_fields as (

    select
        absent_leaves.load_id,
        absent_leaves.example_id
    from absent_leaves
    where not exists (
        select 1
        from other_leaves
        where
            other_leaves.load_id = absent_leaves.load_id
            and other_leaves.example_id = absent_leaves.example_id
            and (
                other_leaves.field_shape = absent_leaves.field_shape
                or starts_with(other_leaves.field_path, absent_leaves.field_path || '.')
                or starts_with(other_leaves.field_path, absent_leaves.field_path || '[')
            )
    )
    group by absent_leaves.load_id, absent_leaves.example_id

),
{%- endif %}
{%- if clusters_by_metadata %}

clusters as (

    select
        load_id,
        example_id,
        min(metadata_value) as cluster_id
    from metadata
    where metadata_key = '{{ var('cluster_field') | replace("'", "''") }}'
    group by load_id, example_id

),
{%- endif %}

joined as (

    select
        examples.*,
        coalesce(examples.task_name, examples.task_key) as named_task,
        {%- if clusters_by_metadata %}
        coalesce(clusters.cluster_id, examples.example_key) as cluster_id,
        {%- else %}
        examples.{{ var('cluster_field') }} as cluster_id,
        {%- endif %}
        gold_labels.field_value as gold_label,
        gold_labels.normalized_value as gold_label_normalized,
        predicted_labels.field_value as predicted_label,
        predicted_labels.normalized_value as predicted_label_normalized,
        rules.is_label_rule,
        rules.correctness_rule,
        rules.correctness_threshold,
        correctness.metric_value as correctness_score,
        quality.metric_value as quality_score,
        {%- if answer_schema is not none %}
        schema_followers.example_id is not null as has_fields,
        {%- else %}
        absent_fields.example_id is null as has_fields,
        {%- endif %}
        confidences.confidence,
        confidences.confidence_name
    from examples
    inner join rules
        on
            examples.load_id = rules.load_id
            and coalesce(examples.task_name, examples.task_key) = rules.task_name
    left join gold_labels
        on
            examples.load_id = gold_labels.load_id
            and examples.example_id = gold_labels.example_id
    left join predicted_labels
        on
            examples.load_id = predicted_labels.load_id
            and examples.example_id = predicted_labels.example_id
    left join ruling_metrics as correctness
        on
            examples.load_id = correctness.load_id
            and examples.example_id = correctness.example_id
            and rules.correctness_metric = correctness.metric_name
    left join ruling_metrics as quality
        on
            examples.load_id = quality.load_id
            and examples.example_id = quality.example_id
            and rules.quality_metric = quality.metric_name
    {%- if answer_schema is not none %}
    left join schema_followers
        on
            examples.load_id = schema_followers.load_id
            and examples.example_id = schema_followers.example_id
    {%- else %}
    left join absent_fields
        on
            examples.load_id = absent_fields.load_id
            and examples.example_id = absent_fields.example_id
    {%- endif %}
    left join confidences
        on
            examples.load_id = confidences.load_id
            and examples.example_id = confidences.example_id
    {%- if clusters_by_metadata %}
    left join clusters
        on
            examples.load_id = clusters.load_id
            and examples.example_id = clusters.example_id
    {%- endif %}

),

final as (

    select
        -- ids
        example_id,
        example_key,
        item_key,
        repeat_index,
        cluster_id,

        -- attributes
        task_key,
        named_task as task_name,
        subtask,
        gold_label,
        predicted_label,
        gold_label_normalized,
        predicted_label_normalized,

        -- judgement
        case
            when is_label_rule and gold_label_normalized is null then null
            when is_label_rule
                then coalesce(gold_label_normalized = predicted_label_normalized, false)
            else correctness_score >= correctness_threshold
        end as is_correct,
        correctness_rule,
        quality_score,
        quality_score >= cast({{ var('quality_threshold') }} as double) as is_quality_pass,
        {%- if answer_schema is not none %}
        coalesce(prediction_format = 'json', false) and has_fields as is_schema_valid,
        {%- else %}
        case
            when gold_format in ('json', 'python', 'repaired', 'markdown')
                then coalesce(prediction_format = 'json', false) and has_fields
        end as is_schema_valid,
        {%- endif %}
        confidence,
        confidence_name,
        gold_format,
        prediction_format,

        -- measures
        length(query) as query_characters,
        length(gold_text) as gold_characters,
        length(prediction_text) as prediction_characters,
        positions as prediction_tokens,

        -- partition keys
        {{ build_digest() }} as build_digest,
        job_id,
        load_id
    from joined

)

select * from final
