-- Grain: one row per (job_id, example_id).
-- Which tokens belong to the label was settled at ingest, by character ranges; here their log
-- probabilities become probabilities.

{{ config(partitioned_by=fact_partitions()) }}

with examples as (

    select * from {{ ref('stg_lake__examples') }} {{ of_new_loads() }}

),

fields as (

    select * from {{ ref('stg_lake__example_fields') }} {{ of_new_loads() }}

),

tokens as (

    select * from {{ ref('stg_lake__example_tokens') }} {{ of_new_loads() }}

),

rules as (

    select * from {{ ref('int_task_rules') }}

),

-- half a label, where the answer ends inside of it, is none, and so is null
label_leaves as (

    select
        load_id,
        example_id,
        exp(first_token_logprob) as label_confidence,
        exp(sum_token_logprob) as label_confidence_joint,
        exp(
            sum_token_logprob
            / cast(last_token_position - first_token_position + 1 as double)
        ) as label_confidence_geomean,
        last_token_position - first_token_position + 1 as label_tokens,
        first_token_margin as label_margin_nats,
        first_token_entropy_nats as label_entropy_nats,
        first_token_straddles as label_token_straddles,
        is_token_ambiguous as is_label_ambiguous
    from fields
    where
        side = 'predicted'
        and field_path = '{{ var('label_field') | replace("'", "''") }}'
        and normalized_value <> ''
        and not is_cut_short

),

answers as (

    select
        load_id,
        example_id,
        count(logprob) as scored_tokens,
        avg(logprob) as mean_token_logprob,
        min(logprob) as min_token_logprob,
        avg(case when logprob is not null then margin end) as mean_token_margin_nats,
        avg(topk_entropy_nats) as mean_token_entropy_nats
    from tokens
    group by load_id, example_id

),

joined as (

    select
        examples.example_id,
        label_leaves.label_confidence,
        label_leaves.label_confidence_joint,
        label_leaves.label_confidence_geomean,
        label_leaves.label_tokens,
        label_leaves.label_margin_nats,
        label_leaves.label_entropy_nats,
        label_leaves.label_token_straddles,
        label_leaves.is_label_ambiguous,
        exp(answers.mean_token_logprob) as answer_confidence,
        answers.mean_token_logprob,
        answers.min_token_logprob,
        exp(-answers.mean_token_logprob) as perplexity,
        answers.mean_token_margin_nats,
        answers.mean_token_entropy_nats,
        answers.scored_tokens,
        examples.logprobs_status,
        examples.alignment,
        examples.alignment_count,
        rules.confidence_name,
        examples.notebook_confidence,
        examples.job_id,
        examples.load_id
    from examples
    inner join rules
        on
            examples.load_id = rules.load_id
            and coalesce(examples.task_name, examples.task_key) = rules.task_name
    left join label_leaves
        on
            examples.load_id = label_leaves.load_id
            and examples.example_id = label_leaves.example_id
    left join answers
        on
            examples.load_id = answers.load_id
            and examples.example_id = answers.example_id

),

final as (

    select
        -- ids
        example_id,

        -- the label
        label_confidence,
        label_confidence_joint,
        label_confidence_geomean,
        label_tokens,
        label_margin_nats,
        label_entropy_nats,
        label_token_straddles,
        is_label_ambiguous,

        -- the whole answer
        answer_confidence,
        mean_token_logprob,
        min_token_logprob,
        perplexity,
        mean_token_margin_nats,
        mean_token_entropy_nats,
        scored_tokens,
        logprobs_status,
        alignment,
        alignment_count,

        -- the one that estimates use
        case confidence_name
            when 'label_confidence' then label_confidence
            when 'label_confidence_joint' then label_confidence_joint
            when 'label_confidence_geomean' then label_confidence_geomean
            when 'answer_confidence' then answer_confidence
        end as confidence,
        confidence_name,
        notebook_confidence,

        -- partition keys
        {{ build_digest() }} as build_digest,
        job_id,
        load_id
    from joined

)

select * from final
