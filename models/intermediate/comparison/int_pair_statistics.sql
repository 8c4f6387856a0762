-- Grain: one row per (pair_id, metric_number).
-- What a pair says of statistics that are no means of examples: calibration error and BLEU with the
-- bootstrap's error, AUROC with DeLong's, which needs no replicate. What chance can have added to
-- either side's calibration error is allowed for (lift): it makes the interval wider, p larger.

{%- set level = var('interval_level') %}

with pair_metrics as (

    select * from {{ ref('int_pair_metrics') }}

),

bootstraps as (

    select * from {{ ref('int_pair_bootstrap') }}

),

statistics as (

    select
        pair_id,
        'calibration' as metric_kind,
        drawn_keys as pairs,
        cast(null as bigint) as clusters,
        baseline_error as baseline_value,
        candidate_error as candidate_value,
        baseline_lift,
        candidate_lift,
        cast(null as double) as own_stderr,
        cast(null as bigint) as degrees
    from {{ ref('int_pair_calibration') }}
    where replicate = -1

    union all

    select
        pair_id,
        'corpus' as metric_kind,
        drawn_keys as pairs,
        cast(null as bigint) as clusters,
        baseline_bleu as baseline_value,
        candidate_bleu as candidate_value,
        0e0 as baseline_lift,
        0e0 as candidate_lift,
        cast(null as double) as own_stderr,
        cast(null as bigint) as degrees
    from {{ ref('int_pair_bleu') }}
    where replicate = -1

    union all

    -- as few answers as there are of the rarer verdict, so far its error is known
    select
        pair_id,
        'ranking' as metric_kind,
        pairs,
        clusters,
        baseline_auroc as baseline_value,
        candidate_auroc as candidate_value,
        0e0 as baseline_lift,
        0e0 as candidate_lift,
        delta_stderr as own_stderr,
        case
            when rarest_clusters >= {{ var('min_clusters') }} then rarest_clusters - 1
        end as degrees
    from {{ ref('int_pair_ranking') }}

),

measured as (

    select
        pair_metrics.pair_id,
        pair_metrics.metric_number,
        pair_metrics.metric_kind,
        statistics.pairs,
        statistics.clusters,
        statistics.baseline_value,
        statistics.candidate_value,
        statistics.baseline_lift,
        statistics.candidate_lift,
        statistics.degrees,
        statistics.candidate_value - statistics.baseline_value as delta,
        case
            when statistics.metric_kind = 'ranking' then statistics.own_stderr
            else bootstraps.replicate_stddev
        end as delta_stderr
    from statistics
    inner join pair_metrics
        on
            statistics.pair_id = pair_metrics.pair_id
            and statistics.metric_kind = pair_metrics.metric_kind
    left join bootstraps
        on
            pair_metrics.pair_id = bootstraps.pair_id
            and pair_metrics.metric_number = bootstraps.metric_number

),

tested as (

    select
        *,
        case
            when coalesce(delta_stderr, 0e0) = 0e0 then 'none'
            when metric_kind <> 'ranking' then 'bootstrap'
            when degrees is not null then 'delong'
            else 'none'
        end as p_method,
        case
            when metric_kind = 'ranking' then {{ t_quantile(level, 'degrees') }}
            else {{ normal_quantile(level) }}
        end as quantile,
        -- what of the difference chance cannot have made by lifting one side
        case
            when delta > candidate_lift then delta - candidate_lift
            when delta < -baseline_lift then delta + baseline_lift
            else 0e0
        end as clear_delta
    from measured

),

final as (

    select
        -- ids
        pair_id,
        metric_number,

        -- the difference
        pairs,
        clusters,
        baseline_value,
        candidate_value,
        delta,
        delta_stderr,
        case when p_method <> 'none' then delta - candidate_lift - quantile * delta_stderr end
            as delta_lower,
        case when p_method <> 'none' then delta + baseline_lift + quantile * delta_stderr end
            as delta_upper,

        -- is it real
        p_method,
        case p_method
            when 'delong' then {{ t_p_value('(clear_delta / delta_stderr)', 'degrees') }}
            when 'bootstrap' then {{ normal_p_value('(clear_delta / delta_stderr)') }}
        end as p_value,

        -- what could have been found
        case p_method
            when 'delong' then {{ detectable_effect('delta_stderr', 'degrees') }}
            when 'bootstrap'
                then {{ detectable_effect('delta_stderr') }} + greatest(baseline_lift, candidate_lift)
        end as minimum_detectable_effect
    from tested

)

select * from final
