-- Grain: one row per (pair_id, metric_number, slice_id, slice_id_2).
-- What each comparison of means says: the difference, its error, its interval and its tests.
-- Tests are two-sided; `higher` and `lower` are about values, not about what is better.

{%- set level = var('interval_level') %}
{%- set exact_tail = ((1 - level) / 4) | round(6) %}

with sums as (

    select * from {{ ref('int_pair_sums') }}

),

pair_metrics as (

    select * from {{ ref('int_pair_metrics') }}

),

pairs as (

    select * from {{ ref('int_job_pairs') }}

),

described as (

    select
        sums.*,
        pair_metrics.metric_kind,
        pair_metrics.aggregation,
        pair_metrics.scale_max,
        pairs.overlap,
        pairs.baseline_only + pairs.candidate_only as unmatched,
        cast(sums.pairs as double) as n,
        -- of a smallest or largest value there is no mean to compare
        coalesce(pair_metrics.aggregation in ('min', 'max'), false) as is_extreme,
        sums.other_than_binary = 0
        and sums.repeated_pairs = 0
        and sums.clusters = sums.pairs as is_binary,
        {%- for side in ['baseline', 'candidate', 'difference'] %}
        (
            sums.sum_{{ side }}_square
            - sums.sum_{{ side }} * sums.sum_{{ side }} / cast(sums.pairs as double)
        ) / nullif(cast(sums.pairs - 1 as double), 0e0) as {{ side }}_spread,
        {%- endfor %}
        sums.baseline_center + sums.sum_baseline / cast(sums.pairs as double) as baseline_mean,
        sums.candidate_center + sums.sum_candidate / cast(sums.pairs as double) as candidate_mean,
        sums.difference_center + sums.sum_difference / cast(sums.pairs as double)
            as difference_mean,
        {{ clustered_stderr(
            'sums.pairs', 'sums.sum_difference', 'sums.clusters',
            'sums.total_square', 'sums.total_cross', 'sums.size_square'
        ) }} as raw_stderr,
        -- what rounding alone may leave of a difference of nothing
        1e-12 * (
            abs(sums.baseline_min) + abs(sums.baseline_max)
            + abs(sums.candidate_min) + abs(sums.candidate_max)
        ) as rounding
    from sums
    inner join pair_metrics
        on
            sums.pair_id = pair_metrics.pair_id
            and sums.metric_number = pair_metrics.metric_number
    inner join pairs on sums.pair_id = pairs.pair_id

),

measured as (

    select
        *,
        case
            when aggregation = 'min' then candidate_min - baseline_min
            when aggregation = 'max' then candidate_max - baseline_max
            when abs(difference_mean) <= rounding then 0e0
            else difference_mean
        end as delta,
        -- a variance is a small rest of large squares: below a millionth of a millionth of them
        -- it is rounding, and there is none
        {%- for side in ['baseline', 'candidate', 'difference'] %}
        case
            when
                {{ side }}_spread > rounding * rounding
                and {{ side }}_spread * n > 1e-12 * sum_{{ side }}_square
                then {{ side }}_spread
            else 0e0
        end as {{ side }}_variance,
        {%- endfor %}
        case
            when is_extreme then null
            when
                raw_stderr * sqrt(n) <= rounding
                or raw_stderr * raw_stderr * n * n <= 1e-12 * total_square
                then 0e0
            else raw_stderr
        end as delta_stderr
    from described

),

judged as (

    select
        *,
        case
            when is_extreme or pairs < 1 then 'none'
            when clusters >= {{ var('min_clusters') }} and delta_stderr > 0e0 then 't'
            else 'exact'
        end as p_method,
        case
            when
                not is_extreme
                and clusters >= {{ var('min_clusters') }}
                and delta_stderr > 0e0
                then {{ t_quantile(level, '(clusters - 1)') }}
        end as t_quantile,
        -- Var(a) + Var(b) - Var(a - b) is twice the covariance
        (baseline_variance + candidate_variance - difference_variance) / 2e0 as covariance,
        case
            when not is_extreme and pairs >= 2
                then sqrt((baseline_variance + candidate_variance) / cast(pairs as double))
        end as unpaired_stderr,
        {{ sign_test_p_value('higher_clusters', 'lower_clusters') }} as sign_test
    from measured

),

final as (

    select
        -- ids
        pair_id,
        metric_number,
        slice_id,
        slice_id_2,

        -- the difference
        pairs,
        clusters,
        case
            when aggregation = 'min' then baseline_min
            when aggregation = 'max' then baseline_max
            else baseline_mean
        end as baseline_value,
        case
            when aggregation = 'min' then candidate_min
            when aggregation = 'max' then candidate_max
            else candidate_mean
        end as candidate_value,
        delta,
        delta_stderr,
        {%- for side, other, sign in [('lower', 'upper', '-'), ('upper', 'lower', '+')] %}
        case
            when p_method = 't' then delta {{ sign }} t_quantile * delta_stderr
            -- each answer is higher, lower or equal: an exact interval for each share
            when p_method = 'exact' and is_binary
                then
                    {{ clopper_pearson_bound('higher', 'pairs', side, exact_tail) }}
                    - {{ clopper_pearson_bound('lower', 'pairs', other, exact_tail) }}
        end as delta_{{ side }},
        {%- endfor %}

        -- is it real
        p_method,
        case
            when p_method = 't' then {{ t_p_value('(delta / delta_stderr)', '(clusters - 1)') }}
            when p_method = 'exact' then sign_test
        end as p_value,
        case when not is_extreme then sign_test end as sign_test_p_value,
        higher,
        lower,
        pairs - higher - lower as ties,
        repeated_pairs,
        {%- set b, c = 'lower', 'higher' %}
        case when is_binary then {{ b }} end as only_baseline_correct,
        case when is_binary then {{ c }} end as only_candidate_correct,
        case when is_binary then {{ mcnemar_statistic(b, c) }} end as mcnemar_statistic,
        case
            when is_binary then {{ normal_p_value('sqrt(' ~ mcnemar_statistic(b, c) ~ ')') }}
        end as mcnemar_p_value,
        case when is_binary then {{ mcnemar_statistic(b, c, corrected=true) }} end
            as mcnemar_corrected_statistic,
        case
            when is_binary
                then
                    {{ normal_p_value(
                        'sqrt(' ~ mcnemar_statistic(b, c, corrected=true) ~ ')'
                    ) }}
        end as mcnemar_corrected_p_value,
        case when is_binary then {{ sign_test_p_value(b, c) }} end as mcnemar_exact_p_value,
        case when is_binary then {{ mcnemar_mid_p(b, c) }} end as mcnemar_mid_p_value,

        -- what pairing was worth
        case
            when is_extreme or baseline_variance = 0e0 or candidate_variance = 0e0 then null
            when covariance > 0e0 and covariance * covariance
                > baseline_variance * candidate_variance
                then 1e0
            when covariance < 0e0 and covariance * covariance
                > baseline_variance * candidate_variance
                then -1e0
            else covariance / sqrt(baseline_variance * candidate_variance)
        end as correlation,
        case
            when not is_extreme
                then
                    1e0 - 1e0 * difference_variance
                    / nullif(baseline_variance + candidate_variance, 0e0)
        end as variance_saved,
        unpaired_stderr,
        case
            when unpaired_stderr > 0e0 then {{ normal_p_value('(delta / unpaired_stderr)') }}
        end as unpaired_p_value,

        -- what could have been found
        case when p_method = 't' then {{ detectable_effect('delta_stderr', '(clusters - 1)') }} end
            as minimum_detectable_effect,
        cast({{ var('comparison_tolerance') }} as double) * scale_max as tolerance,
        case
            when p_method = 't'
                then
                    cast(
                        ceil(
                            {{ needed_pairs(
                                '(delta_stderr * delta_stderr * n)',
                                'cast(' ~ var('comparison_tolerance') ~ ' as double) * scale_max'
                            ) }}
                        ) as bigint
                    )
        end as needed_pairs,

        -- what the examples of one job alone, or without a value in one, could do to it
        case when slice_id = 0 then overlap - pairs + unmatched end as unmatched,
        {%- for side, sign in [('lower', '-'), ('upper', '+')] %}
        case
            when slice_id = 0 and not is_extreme
                then
                    (delta * n {{ sign }} scale_max * cast(overlap - pairs + unmatched as double))
                    / (n + cast(overlap - pairs + unmatched as double))
        end as worst_case_{{ side }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from judged

)

select * from final
