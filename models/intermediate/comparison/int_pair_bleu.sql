-- Grain: one row per (pair_id, replicate).
-- Corpus BLEU of both jobs over the examples that have counts in both: as it is (replicate -1), and
-- in each bootstrap replicate (Koehn 2004). Every answer is part of its job's corpus, so of a key
-- that was answered five times the corpus has five answers.

{%- set counts = [] %}
{%- for n in range(1, 5) %}
{%- do counts.extend(['correct_' ~ n, 'total_' ~ n]) %}
{%- endfor %}
{%- do counts.extend(['prediction_words', 'reference_words']) %}

with requests as (

    select *
    from {{ ref('int_changed_pairs') }}
    where is_bootstrapped

),

weights as (

    select * from {{ ref('int_bootstrap_weights') }}

),

pair_keys as (

    select * from {{ ref('int_pair_keys') }}

),

pair_examples as (

    select * from {{ ref('int_pair_examples') }}

),

counts as (

    select * from {{ ref('stg_lake__example_bleu') }} {{ of_compared_loads() }}

),

counted_keys as (

    select
        pair_examples.key_number
        {%- for side, flag in [('baseline', 0), ('candidate', 1)] %}
        {%- for count in counts %},
        sum(case when pair_examples.is_candidate = {{ flag }} then counts.{{ count }} else 0 end)
            as {{ side }}_{{ count }}
        {%- endfor %}
        {%- endfor %}
    from counts
    inner join pair_examples
        on
            counts.load_id = pair_examples.load_id
            and counts.example_id = pair_examples.example_id
    group by pair_examples.key_number
    having
        count(*) filter (where pair_examples.is_candidate = 0) > 0
        and count(*) filter (where pair_examples.is_candidate = 1) > 0

),

group_counts as (

    select
        pair_keys.pair_id,
        pair_keys.group_number,
        count(*) as group_keys
        {%- for side in ['baseline', 'candidate'] %}
        {%- for count in counts %},
        cast(sum(counted_keys.{{ side }}_{{ count }}) as double) as {{ side }}_{{ count }}
        {%- endfor %}
        {%- endfor %}
    from counted_keys
    inner join pair_keys on counted_keys.key_number = pair_keys.key_number
    group by pair_keys.pair_id, pair_keys.group_number

),

drawn as (

    select
        group_counts.pair_id,
        weights.replicate,
        cast(sum(weights.weight * group_counts.group_keys) as bigint) as drawn_keys,
        count(*) as drawn_groups
        {%- for side in ['baseline', 'candidate'] %}
        {%- for count in counts %},
        sum(weights.weight * group_counts.{{ side }}_{{ count }}) as {{ side }}_{{ count }}
        {%- endfor %}
        {%- endfor %}
    from group_counts
    inner join weights on group_counts.group_number = weights.group_number
    where
        weights.replicate = -1
        or group_counts.pair_id in (select pair_id from requests)
    group by group_counts.pair_id, weights.replicate

),

final as (

    select
        -- ids
        pair_id,
        replicate,

        -- measures
        drawn_keys,
        drawn_groups,
        {{ bleu_score('baseline_') }} as baseline_bleu,
        {{ bleu_score('candidate_') }} as candidate_bleu
    from drawn

)

select * from final
