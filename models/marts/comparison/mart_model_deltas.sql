-- Grain: one row per (baseline_job_id, candidate_job_id, metric_name).
-- Is the candidate better? Both jobs' values of the same examples, repeats averaged first.
-- q values: the family is everything compared of one ordered pair in this mart.

{{ config(materialized=kept_table()) }}

with pairs as (

    select * from {{ ref('int_job_pairs') }}

),

pair_metrics as (

    select * from {{ ref('int_pair_metrics') }}

),

estimates as (

    select *
    from {{ ref('int_pair_estimates') }}
    where slice_id = 0

),

statistics as (

    select * from {{ ref('int_pair_statistics') }}

),

bootstraps as (

    select * from {{ ref('int_pair_bootstrap') }}

),

described as (

    select
        pair_metrics.*,
        pairs.baseline_job_id,
        pairs.candidate_job_id,
        pairs.reason,
        pairs.pairing_key,
        pairs.same_dataset,
        pairs.same_scorer,
        pairs.same_prompt,
        pairs.same_inference,
        pairs.overlap,
        pairs.baseline_only,
        pairs.candidate_only,
        pairs.finding as pair_finding,
        case
            when not pair_metrics.is_in_candidate then 'only the baseline reports it'
            when not pair_metrics.is_in_baseline then 'only the candidate reports it'
        end as metric_finding,
        pair_metrics.metric_kind in ('calibration', 'corpus', 'ranking') as is_statistic,
        -- verdicts by different rules do not compare, nor does what is made of them
        pair_metrics.metric_kind in ('correctness', 'calibration', 'ranking')
        and not pairs.same_scorer as is_told_differently
    from pair_metrics
    inner join pairs on pair_metrics.pair_id = pairs.pair_id

),

-- means of examples from the one, statistics of all answers at once from the other
estimated as (

    select
        described.*,
        case
            when described.metric_finding is not null and described.pair_finding is not null
                then described.metric_finding || '; ' || described.pair_finding
            else coalesce(described.metric_finding, described.pair_finding)
        end as finding,
        coalesce(statistics.pairs, estimates.pairs, 0) as pairs,
        case
            when described.is_statistic then statistics.clusters
            else coalesce(estimates.clusters, 0)
        end as clusters,
        {%- for column in [
            'baseline_value', 'candidate_value', 'delta', 'delta_stderr', 'delta_lower',
            'delta_upper', 'minimum_detectable_effect',
        ] %}
        coalesce(statistics.{{ column }}, estimates.{{ column }}) as {{ column }},
        {%- endfor %}
        coalesce(statistics.p_method, estimates.p_method, 'none') as p_method,
        case
            when not described.is_told_differently
                then coalesce(statistics.p_value, estimates.p_value)
        end as p_value,
        {%- for count in ['higher', 'lower', 'ties'] %}
        case when not described.is_statistic then coalesce(estimates.{{ count }}, 0) end
            as {{ count }},
        {%- endfor %}
        {%- for column in [
            'sign_test_p_value', 'only_baseline_correct', 'only_candidate_correct',
            'mcnemar_statistic', 'mcnemar_p_value', 'mcnemar_corrected_statistic',
            'mcnemar_corrected_p_value', 'mcnemar_exact_p_value', 'mcnemar_mid_p_value',
            'correlation', 'variance_saved', 'unpaired_stderr', 'unpaired_p_value',
            'needed_pairs', 'unmatched', 'worst_case_lower', 'worst_case_upper',
        ] %}
        estimates.{{ column }},
        {%- endfor %}
        cast({{ var('comparison_tolerance') }} as double) * described.scale_max as tolerance,
        bootstraps.replicates,
        bootstraps.replicate_stddev,
        bootstraps.lower_quantile,
        bootstraps.upper_quantile
    from described
    left join estimates
        on
            described.pair_id = estimates.pair_id
            and described.metric_number = estimates.metric_number
    left join statistics
        on
            described.pair_id = statistics.pair_id
            and described.metric_number = statistics.metric_number
    left join bootstraps
        on
            described.pair_id = bootstraps.pair_id
            and described.metric_number = bootstraps.metric_number

),

adjusted as (

    {{ adjusted_p_values('estimated', ['baseline_job_id', 'candidate_job_id']) }}

),

final as (

    select
        -- ids
        baseline_job_id,
        candidate_job_id,
        metric_name,

        -- what is compared
        metric_kind,
        is_higher_better,
        aggregation,
        scale_max,
        reason,
        pairing_key,
        same_dataset,
        same_scorer,
        same_prompt,
        same_inference,
        overlap,
        baseline_only,
        candidate_only,
        finding,

        {{ difference_columns(
            more_tests=[
                'mcnemar_statistic', 'mcnemar_p_value',
                'mcnemar_corrected_statistic', 'mcnemar_corrected_p_value',
            ]
        ) }},

        -- bootstrap
        coalesce(replicates, 0) as bootstrap_replicates,
        replicate_stddev as bootstrap_stderr,
        lower_quantile as bootstrap_lower,
        upper_quantile as bootstrap_upper,

        -- what pairing was worth
        correlation,
        variance_saved,
        unpaired_stderr,
        unpaired_p_value,

        -- what could have been found
        minimum_detectable_effect,
        tolerance,
        needed_pairs,

        -- what the unmatched examples could do to it
        unmatched,
        worst_case_lower,
        worst_case_upper
    from adjusted

)

select * from final
