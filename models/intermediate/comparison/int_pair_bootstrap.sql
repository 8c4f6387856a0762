-- Grain: one row per (pair_id, metric_number).
-- Bootstrap of the differences: clusters are drawn in at most 4 096 hash groups, with the weights
-- of int_bootstrap_weights. Values are rounded to whole units first, so that replicates are
-- quotients of whole numbers and the same on every engine.

{%- set level = var('interval_level') %}

with requests as (

    select *
    from {{ ref('int_pair_requests') }}
    where importance <= {{ var('bootstrap_pairs') }}

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

calibrations as (

    select * from {{ ref('int_pair_calibration') }}

),

weights as (

    select * from {{ ref('int_bootstrap_weights') }}

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
        calibrations.pair_id,
        pair_metrics.metric_number,
        calibrations.candidate_error - calibrations.baseline_error as replicate_delta,
        observed.drawn_groups
    from calibrations
    inner join pair_metrics
        on
            calibrations.pair_id = pair_metrics.pair_id
            and pair_metrics.metric_kind = 'calibration'
    inner join calibrations as observed
        on
            calibrations.pair_id = observed.pair_id
            and observed.replicate = -1
    where calibrations.replicate >= 0

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

final as (

    select
        -- ids
        pair_id,
        metric_number,

        -- measures
        max(drawn_groups) as drawn_groups,
        max(drawn_replicates) as replicates,
        stddev_samp(replicate_delta) as replicate_stddev,
        count(*) filter (where replicate_delta <= 0e0) as replicates_not_above,
        count(*) filter (where replicate_delta >= 0e0) as replicates_not_below
        {%- for side, share in [('lower', (1 - level) / 2), ('upper', (1 + level) / 2)] %},
        {{ quantile_of_ranked('replicate_delta', 'place', 'drawn_replicates', share) }}
            as {{ side }}_quantile
        {%- endfor %}
    from ranked
    group by pair_id, metric_number

)

select * from final
