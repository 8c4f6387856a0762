-- Grain: one row per (pair_id, replicate).
-- Calibration error of both jobs over the examples that both answered with a confidence: as it is
-- (replicate -1, every example once), and in each bootstrap replicate. Keys count alike, however
-- often each was answered. Gaps are rounded to whole billionths first, so that their sums are the
-- same on every engine.

{%- set bins = var('calibration_bins') %}

with requests as (

    select *
    from {{ ref('int_pair_requests') }}
    where importance <= {{ var('bootstrap_pairs') }}

),

weights as (

    select * from {{ ref('int_bootstrap_weights') }}

),

pair_keys as (

    select * from {{ ref('int_pair_keys') }}

),

answers as (

    select *
    from {{ ref('int_pair_examples') }}
    where confidence_bin is not null

),

-- the answers of a key share its weight of one
calibrated_keys as (

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

gaps as (

    select
        answers.pair_id,
        answers.key_number,
        pair_keys.group_number,
        answers.is_candidate,
        answers.confidence_bin,
        cast(
            floor(
                1e9
                * (answers.confidence - case when answers.is_correct then 1e0 else 0e0 end)
                / cast(
                    case
                        when answers.is_candidate = 1 then calibrated_keys.candidate_answers
                        else calibrated_keys.baseline_answers
                    end as double
                )
                + 0.5e0
            ) as double
        ) as gap
    from answers
    inner join calibrated_keys on answers.key_number = calibrated_keys.key_number
    inner join pair_keys on answers.key_number = pair_keys.key_number

),

group_gaps as (

    select
        pair_id,
        group_number,
        cast(count(distinct key_number) as double) as group_keys
        {%- for side, flag in [('baseline', 0), ('candidate', 1)] %}
        {%- for bin in range(bins) %},
        sum(case when is_candidate = {{ flag }} and confidence_bin = {{ bin }} then gap else 0e0 end)
            as {{ side }}_gap_{{ bin }}
        {%- endfor %}
        {%- endfor %}
    from gaps
    group by pair_id, group_number

),

draws as (

    select
        group_number,
        replicate,
        cast(weight as double) as weight
    from weights

    union all

    select distinct
        group_number,
        -1 as replicate,
        1e0 as weight
    from group_gaps

),

final as (

    select
        -- ids
        group_gaps.pair_id,
        draws.replicate,

        -- measures
        cast(floor(sum(draws.weight * group_gaps.group_keys) + 0.5e0) as bigint) as drawn_keys,
        count(*) as drawn_groups
        {%- for side in ['baseline', 'candidate'] %},
        (
            {%- for bin in range(bins) %}
            abs(sum(draws.weight * group_gaps.{{ side }}_gap_{{ bin }})){{ ' +' if not loop.last }}
            {%- endfor %}
        ) / (1e9 * sum(draws.weight * group_gaps.group_keys)) as {{ side }}_error
        {%- endfor %}
    from group_gaps
    inner join draws on group_gaps.group_number = draws.group_number
    where
        draws.replicate = -1
        or group_gaps.pair_id in (select pair_id from requests)
    group by group_gaps.pair_id, draws.replicate

)

select * from final
