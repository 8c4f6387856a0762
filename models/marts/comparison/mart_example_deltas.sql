-- Grain: one row per (baseline_job_id, candidate_job_id, pair_key) whose verdict changed.
-- The examples that regressed or improved, with both answers side by side. What did not change is
-- counted in mart_model_deltas (ties) and not listed.

{{ config(materialized=kept_table()) }}

with pair_values as (

    select *
    from {{ ref('int_pair_values') }}
    where difference <> 0e0

),

pair_metrics as (

    select *
    from {{ ref('int_pair_metrics') }}
    where metric_kind = 'correctness'

),

pairs as (

    select * from {{ ref('int_job_pairs') }}

),

pair_keys as (

    select * from {{ ref('int_pair_keys') }}

),

pair_examples as (

    select * from {{ ref('int_pair_examples') }}

),

examples as (

    select * from {{ ref('fct_examples') }} {{ of_compared_loads() }}

),

texts as (

    select * from {{ ref('stg_lake__examples') }} {{ of_compared_loads() }}

),

changed as (

    select
        pair_values.*,
        pairs.baseline_job_id,
        pairs.candidate_job_id,
        pair_keys.pair_key,
        pair_keys.cluster_id
    from pair_values
    inner join pair_metrics
        on
            pair_values.pair_id = pair_metrics.pair_id
            and pair_values.metric_number = pair_metrics.metric_number
    inner join pairs on pair_values.pair_id = pairs.pair_id
    inner join pair_keys on pair_values.key_number = pair_keys.key_number

),

-- of several answers to one example, the first that shows the change: wrong where it got worse on
-- this side, right where it was right
shown as (

    select
        changed.key_number,
        pair_examples.is_candidate,
        pair_examples.job_id,
        pair_examples.load_id,
        pair_examples.example_id,
        pair_examples.confidence,
        row_number() over (
            partition by changed.key_number, pair_examples.is_candidate
            order by
                case
                    when
                        pair_examples.is_correct
                        = ((changed.difference > 0e0) = (pair_examples.is_candidate = 1))
                        then 0
                    else 1
                end asc,
                pair_examples.example_id asc
        ) as place
    from changed
    inner join pair_examples on changed.key_number = pair_examples.key_number

),

answers as (

    select
        shown.key_number,
        shown.is_candidate,
        shown.example_id,
        shown.confidence,
        examples.task_name,
        examples.gold_label,
        examples.predicted_label,
        {%- for column in ['query', 'gold_text', 'prediction_text'] %}
        substr(texts.{{ column }}, 1, {{ var('shown_characters') }}) as {{ column }},
        {%- endfor %}
        length(texts.query) > {{ var('shown_characters') }}
        or length(texts.gold_text) > {{ var('shown_characters') }}
        or length(texts.prediction_text) > {{ var('shown_characters') }} as is_cut
    from shown
    inner join examples
        on
            shown.job_id = examples.job_id
            and shown.example_id = examples.example_id
    inner join texts
        on
            shown.load_id = texts.load_id
            and shown.example_id = texts.example_id
    where shown.place = 1

),

final as (

    select
        -- ids
        changed.baseline_job_id,
        changed.candidate_job_id,
        changed.pair_key,
        changed.cluster_id,
        baselines.example_id as baseline_example_id,
        candidates.example_id as candidate_example_id,

        -- attributes
        case when changed.difference > 0e0 then 'improved' else 'regressed' end as outcome,
        candidates.task_name,
        candidates.gold_label,
        baselines.predicted_label as baseline_label,
        candidates.predicted_label as candidate_label,
        candidates.query,
        candidates.gold_text,
        baselines.prediction_text as baseline_answer,
        candidates.prediction_text as candidate_answer,
        coalesce(baselines.is_cut, false) or coalesce(candidates.is_cut, false) as is_text_cut,

        -- measures
        changed.baseline_value as baseline_correct_ratio,
        changed.candidate_value as candidate_correct_ratio,
        changed.difference as delta,
        baselines.confidence as baseline_confidence,
        candidates.confidence as candidate_confidence,
        changed.baseline_repeats,
        changed.candidate_repeats
    from changed
    inner join answers as baselines
        on
            changed.key_number = baselines.key_number
            and baselines.is_candidate = 0
    inner join answers as candidates
        on
            changed.key_number = candidates.key_number
            and candidates.is_candidate = 1

)

select * from final
