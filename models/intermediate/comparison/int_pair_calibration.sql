-- Grain: one row per (pair_id, replicate).
-- Calibration error of both jobs over the examples that both answered with a confidence: as it is
-- (replicate -1, every example once), and in each bootstrap replicate. Keys count alike, however
-- often each was answered. Gaps are rounded to whole billionths first, so that their sums are the
-- same on every engine.

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

final as (

    select
        -- ids
        group_gaps.pair_id,
        weights.replicate,

        -- measures
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

)

select * from final
