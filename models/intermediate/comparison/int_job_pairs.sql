-- Grain: one row per (baseline_job_id, candidate_job_id).
-- The pairs that are compared: by which key, how far they overlap, and what else differs.

{{ config(materialized=kept_table()) }}

with requests as (

    select * from {{ ref('int_changed_pairs') }}

),

jobs as (

    select * from {{ ref('dim_jobs') }}

),

matched as (

    select
        pair_id,
        max(pairing_key) as pairing_key,
        count(*) as overlap,
        count(*) filter (where baseline_repeats > 1 or candidate_repeats > 1) as repeated_keys,
        count(*) filter (where baseline_repeats <> candidate_repeats) as unequal_keys
    from {{ ref('int_pair_keys') }}
    group by pair_id

),

job_sizes as (

    select
        job_id,
        count(*) as example_keys
    from {{ ref('int_job_keys') }}
    group by job_id

),

scorers as (

    select
        job_id,
        array_join(array_sort(array_distinct(array_agg(correctness_rule))), ' | ') as rules
    from {{ ref('fct_examples') }}
    where
        correctness_rule is not null
        {{ of_compared_loads(word='and') }}
    group by job_id

),

{%- set settings = ['temperature', 'top_p', 'top_k', 'max_new_tokens', 'reasoning_effort'] %}

compared as (

    select
        requests.pair_id,
        requests.baseline_job_id,
        requests.candidate_job_id,
        requests.reason,
        requests.is_bootstrapped,
        matched.pairing_key,
        coalesce(matched.overlap, 0) as overlap,
        coalesce(baseline_sizes.example_keys, 0) as baseline_keys,
        coalesce(candidate_sizes.example_keys, 0) as candidate_keys,
        coalesce(matched.repeated_keys, 0) as repeated_keys,
        coalesce(matched.unequal_keys, 0) as unequal_keys,
        baselines.model_name as baseline_model_name,
        candidates.model_name as candidate_model_name,
        baselines.dataset_id = candidates.dataset_id as same_dataset,
        baseline_scorers.rules is not distinct from candidate_scorers.rules as same_scorer,
        matched.pairing_key = 'example_key' as same_prompt,
        case
            when
                {%- for side in ['baselines', 'candidates'] %}
                (
                    {%- for name in settings %}
                    {{ side }}.{{ name }} is null{{ ' and' if not loop.last }}
                    {%- endfor %}
                ){{ ' and' if not loop.last }}
                {%- endfor %}
                then null
            else
                {%- for name in settings %}
                baselines.{{ name }} is not distinct from candidates.{{ name }}
                {{- ' and' if not loop.last }}
                {%- endfor %}
        end as same_inference
    from requests
    inner join jobs as baselines on requests.baseline_job_id = baselines.job_id
    inner join jobs as candidates on requests.candidate_job_id = candidates.job_id
    left join matched on requests.pair_id = matched.pair_id
    left join job_sizes as baseline_sizes
        on requests.baseline_job_id = baseline_sizes.job_id
    left join job_sizes as candidate_sizes
        on requests.candidate_job_id = candidate_sizes.job_id
    left join scorers as baseline_scorers
        on requests.baseline_job_id = baseline_scorers.job_id
    left join scorers as candidate_scorers
        on requests.candidate_job_id = candidate_scorers.job_id

),

with_words as (

    select
        *,
        case when baseline_keys = 0 then 'the baseline has no examples; ' else '' end
        || case
            when baseline_keys > 0 and overlap = 0 and not coalesce(same_dataset, false)
                then 'no example in common, the data sets differ; '
            when baseline_keys > 0 and overlap = 0
                then 'no example in common that could be told apart; '
            else ''
        end
        || case when same_scorer then '' else 'what is correct is told by different rules; ' end
        || case
            when not same_prompt
                then 'system prompts differ, paired by question and gold answer; '
            else ''
        end
        || case
            when overlap > 0 and overlap < baseline_keys and overlap < candidate_keys
                then 'each job has examples that the other has not; '
            when overlap > 0 and overlap < baseline_keys
                then 'the baseline has examples that the candidate has not; '
            when overlap > 0 and overlap < candidate_keys
                then 'the candidate has examples that the baseline has not; '
            else ''
        end
        || case
            when unequal_keys > 0
                then 'not as many answers an example in both jobs, averaged first; '
            else ''
        end
        || case when same_inference = false then 'inference settings differ; ' else '' end
            as words
    from compared

),

final as (

    select
        -- ids
        baseline_job_id,
        candidate_job_id,
        pair_id,

        -- attributes
        reason,
        pairing_key,
        same_dataset,
        same_scorer,
        same_prompt,
        same_inference,
        is_bootstrapped,
        baseline_model_name,
        candidate_model_name,
        case when words <> '' then substr(words, 1, length(words) - 2) end as finding,

        -- measures
        overlap,
        baseline_keys - overlap as baseline_only,
        candidate_keys - overlap as candidate_only,
        repeated_keys
    from with_words

)

select * from final
