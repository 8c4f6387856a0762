-- Grain: one row per (pair_id, replicate).
-- Calibration error of both jobs over the examples that both answered with a confidence: as it is
-- (replicate -1, every example once), and in each bootstrap replicate. Keys count alike, however
-- often each was answered. Gaps are rounded to whole billionths first, so that their sums are the
-- same on every engine.
-- Chance lifts a sum of absolute gaps, and replicates do not show by how much: beside the data as
-- they are stands the most that it can be, over the bins whose gap does not stand clear of noise.

{%- set bins = var('calibration_bins') %}

with requests as (

    select *
    from {{ ref('int_changed_pairs') }}
    where is_bootstrapped

),

weights as (

    select * from {{ ref('int_bootstrap_weights') }}

),

answers as (

    select * from {{ ref('int_pair_confidences') }}

),

-- the answers of a key share its weight of one
gaps as (

    select
        pair_id,
        key_number,
        group_number,
        is_candidate,
        confidence_bin,
        cast(
            floor(
                1e9 * (confidence - case when is_correct then 1e0 else 0e0 end)
                / cast(key_answers as double)
                + 0.5e0
            ) as double
        ) as gap
    from answers

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

lifts as (

    select
        pair_id
        {%- for side in ['baseline', 'candidate'] %},
        0.7978845608028654e0 * (
            {%- for bin in range(bins) %}
            {%- set gap = side ~ '_gap_' ~ bin %}
            case
                when abs(sum({{ gap }})) < 2e0 * sqrt(sum({{ gap }} * {{ gap }}))
                    then sqrt(sum({{ gap }} * {{ gap }}))
                else 0e0
            end{{ ' +' if not loop.last }}
            {%- endfor %}
        ) / (1e9 * sum(group_keys)) as {{ side }}_lift
        {%- endfor %}
    from group_gaps
    group by pair_id

),

drawn as (

    select
        group_gaps.pair_id,
        weights.replicate,
        cast(floor(sum(weights.weight * group_gaps.group_keys) + 0.5e0) as bigint) as drawn_keys,
        count(*) as drawn_groups
        {%- for side in ['baseline', 'candidate'] %},
        (
            {%- for bin in range(bins) %}
            abs(sum(weights.weight * group_gaps.{{ side }}_gap_{{ bin }})){{ ' +' if not loop.last }}
            {%- endfor %}
        ) / (1e9 * sum(weights.weight * group_gaps.group_keys)) as {{ side }}_error
        {%- endfor %}
    from group_gaps
    inner join weights on group_gaps.group_number = weights.group_number
    where
        weights.replicate = -1
        or group_gaps.pair_id in (select pair_id from requests)
    group by group_gaps.pair_id, weights.replicate

),

final as (

    select
        -- ids
        drawn.pair_id,
        drawn.replicate,

        -- measures
        drawn.drawn_keys,
        drawn.drawn_groups,
        drawn.baseline_error,
        drawn.candidate_error,
        lifts.baseline_lift,
        lifts.candidate_lift
    from drawn
    left join lifts
        on
            drawn.pair_id = lifts.pair_id
            and drawn.replicate = -1

)

select * from final
