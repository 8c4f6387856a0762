-- Grain: one row per (pair_id, metric_number).
-- Bootstrap of the differences: clusters are drawn in at most 4 096 hash groups, with the weights
-- of int_bootstrap_weights. Values are rounded to whole units first, so that replicates are
-- quotients of whole numbers and the same on every engine.

{%- set level = var('interval_level') %}

with requests as (

    select *
    from {{ ref('int_changed_pairs') }}
    where is_bootstrapped

),

pair_values as (

    select *
    from {{ ref('int_pair_values') }}
    where
        difference is not null
        and pair_id in (select pair_id from requests)

),

pair_metrics as (

    select * from {{ ref('int_pair_metrics') }}

),

weights as (

    select *
    from {{ ref('int_bootstrap_weights') }}
    where replicate >= 0

),

-- statistics of all answers at once come as replicates already
drawn_statistics as (

    select
        pair_id,
        'calibration' as metric_kind,
        replicate,
        drawn_groups,
        candidate_error - baseline_error as replicate_delta
    from {{ ref('int_pair_calibration') }}

    union all

    select
        pair_id,
        'corpus' as metric_kind,
        replicate,
        drawn_groups,
        candidate_bleu - baseline_bleu as replicate_delta
    from {{ ref('int_pair_bleu') }}

),

-- a unit is a billionth of the largest difference, rounded up to a power of ten
scales as (

    select
        pair_values.pair_id,
        pair_values.metric_number,
        max(abs(pair_values.difference)) as largest
    from pair_values
    inner join pair_metrics
        on
            pair_values.pair_id = pair_metrics.pair_id
            and pair_values.metric_number = pair_metrics.metric_number
    -- what is drawn twice cannot be larger than what is drawn once
    where coalesce(pair_metrics.aggregation not in ('min', 'max'), true)
    group by pair_values.pair_id, pair_values.metric_number

),

units as (

    select
        pair_id,
        metric_number,
        case
            {%- for exponent in range(-12, 13) %}
            when largest <= 1e{{ exponent }} then 1e{{ exponent - 9 }}
            {%- endfor %}
        end as unit
    from scales

),

group_differences as (

    select
        pair_values.pair_id,
        pair_values.metric_number,
        pair_values.group_number,
        cast(count(*) as double) as group_keys,
        sum(floor(pair_values.difference / units.unit + 0.5e0)) as group_difference
    from pair_values
    inner join units
        on
            pair_values.pair_id = units.pair_id
            and pair_values.metric_number = units.metric_number
    where units.unit is not null
    group by pair_values.pair_id, pair_values.metric_number, pair_values.group_number

),

group_counts as (

    select
        pair_id,
        metric_number,
        count(*) as drawn_groups
    from group_differences
    group by pair_id, metric_number

),

drawn as (

    select
        group_differences.pair_id,
        group_differences.metric_number,
        weights.replicate,
        1e0 * sum(weights.weight * group_differences.group_difference)
        / sum(weights.weight * group_differences.group_keys) as units_drawn
    from group_differences
    inner join weights on group_differences.group_number = weights.group_number
    group by
        group_differences.pair_id, group_differences.metric_number, weights.replicate

),

replicates as (

    select
        drawn.pair_id,
        drawn.metric_number,
        drawn.units_drawn * units.unit as replicate_delta,
        group_counts.drawn_groups
    from drawn
    inner join units
        on
            drawn.pair_id = units.pair_id
            and drawn.metric_number = units.metric_number
    inner join group_counts
        on
            drawn.pair_id = group_counts.pair_id
            and drawn.metric_number = group_counts.metric_number

    union all

    select
        drawn_statistics.pair_id,
        pair_metrics.metric_number,
        drawn_statistics.replicate_delta,
        observed.drawn_groups
    from drawn_statistics
    inner join pair_metrics
        on
            drawn_statistics.pair_id = pair_metrics.pair_id
            and drawn_statistics.metric_kind = pair_metrics.metric_kind
    inner join drawn_statistics as observed
        on
            drawn_statistics.pair_id = observed.pair_id
            and drawn_statistics.metric_kind = observed.metric_kind
            and observed.replicate = -1
    where drawn_statistics.replicate >= 0

),

ranked as (

    select
        *,
        row_number() over (
            partition by pair_id, metric_number order by replicate_delta asc nulls last
        ) as place,
        count(*) over (partition by pair_id, metric_number) as drawn_replicates
    from replicates

),

-- fewer groups do not show how far another sample would lie
final as (

    select
        -- ids
        pair_id,
        metric_number,

        -- measures
        max(drawn_groups) as drawn_groups,
        max(drawn_replicates) as replicates,
        case when max(drawn_groups) >= {{ var('min_clusters') }} then stddev_samp(replicate_delta) end
            as replicate_stddev
        {%- for side, share in [('lower', (1 - level) / 2), ('upper', (1 + level) / 2)] %},
        case
            when max(drawn_groups) >= {{ var('min_clusters') }}
                then {{ quantile_of_ranked('replicate_delta', 'place', 'drawn_replicates', share) }}
        end as {{ side }}_quantile
        {%- endfor %}
    from ranked
    group by pair_id, metric_number

)

select * from final
