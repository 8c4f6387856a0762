-- Grain: one row per (key_number, is_candidate, example_id).
-- What calibration error and AUROC of a pair are of: answers with a confidence and a verdict, of
-- keys that have such an answer in both jobs.

with pair_keys as (

    select * from {{ ref('int_pair_keys') }}

),

answers as (

    select *
    from {{ ref('int_pair_examples') }}
    where confidence_bin is not null

),

answered_keys as (

    select
        key_number,
        count(*) filter (where is_candidate = 0) as baseline_answers,
        count(*) filter (where is_candidate = 1) as candidate_answers
    from answers
    group by key_number
    having
        count(*) filter (where is_candidate = 0) > 0
        and count(*) filter (where is_candidate = 1) > 0

),

final as (

    select
        -- ids
        answers.key_number,
        answers.is_candidate,
        answers.example_id,
        answers.pair_id,
        coalesce(pair_keys.cluster_number, answers.key_number) as cluster_number,
        pair_keys.group_number,

        -- attributes
        answers.is_correct,
        answers.confidence_bin,

        -- measures
        answers.confidence,
        case
            when answers.is_candidate = 1 then answered_keys.candidate_answers
            else answered_keys.baseline_answers
        end as key_answers
    from answers
    inner join answered_keys on answers.key_number = answered_keys.key_number
    inner join pair_keys on answers.key_number = pair_keys.key_number

)

select * from final
