-- Grain: one row per (baseline_job_id, candidate_job_id, metric_name).
-- Is the candidate better? Both jobs' values of the same examples, repeats averaged first.
-- q values: the family is everything compared of one ordered pair in this mart.

{%- set z = normal_quantile(var('interval_level')) %}

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

bootstraps as (

    select * from {{ ref('int_pair_bootstrap') }}

),

calibrations as (

    select *
    from {{ ref('int_pair_calibration') }}
    where replicate = -1

),

joined as (

    select
        pairs.baseline_job_id,
        pairs.candidate_job_id,
        pair_metrics.metric_name,
        pair_metrics.metric_kind,
        pair_metrics.is_higher_better,
        pair_metrics.aggregation,
        pair_metrics.scale_max,
        pairs.reason,
        pairs.pairing_key,
        pairs.same_dataset,
        pairs.same_scorer,
        pairs.same_prompt,
        pairs.same_inference,
        pairs.overlap,
        pairs.baseline_only,
        pairs.candidate_only,
        estimates.*,
        bootstraps.replicates,
        case
            when bootstraps.drawn_groups >= {{ var('min_clusters') }}
                then bootstraps.replicate_stddev
        end as replicate_stddev,
        case
            when bootstraps.drawn_groups >= {{ var('min_clusters') }}
                then bootstraps.lower_quantile
        end as lower_quantile,
        case
            when bootstraps.drawn_groups >= {{ var('min_clusters') }}
                then bootstraps.upper_quantile
        end as upper_quantile,
        calibrations.drawn_keys as calibrated_pairs,
        calibrations.baseline_error,
        calibrations.candidate_error,
        calibrations.candidate_error - calibrations.baseline_error as error_delta,
        pairs.finding as pair_finding,
        case
            when not pair_metrics.is_in_candidate then 'only the baseline reports it'
            when not pair_metrics.is_in_baseline then 'only the candidate reports it'
        end as metric_finding,
        -- verdicts by different rules do not compare
        pair_metrics.metric_kind = 'correctness' and not pairs.same_scorer as is_told_differently
    from pair_metrics
    inner join pairs on pair_metrics.pair_id = pairs.pair_id
    left join estimates
        on
            pair_metrics.pair_id = estimates.pair_id
            and pair_metrics.metric_number = estimates.metric_number
    left join bootstraps
        on
            pair_metrics.pair_id = bootstraps.pair_id
            and pair_metrics.metric_number = bootstraps.metric_number
    left join calibrations
        on
            pair_metrics.pair_id = calibrations.pair_id
            and pair_metrics.metric_kind = 'calibration'

),

estimated as (

    select
        baseline_job_id,
        candidate_job_id,
        metric_name,
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
        coalesce(calibrated_pairs, pairs, 0) as pairs,
        case when metric_kind <> 'calibration' then coalesce(clusters, 0) end as clusters,
        coalesce(baseline_error, baseline_value) as baseline_value,
        coalesce(candidate_error, candidate_value) as candidate_value,
        coalesce(error_delta, delta) as delta,
        case when metric_kind = 'calibration' then replicate_stddev else delta_stderr end
            as delta_stderr,
        case
            when metric_kind = 'calibration' then error_delta - {{ z }} * replicate_stddev
            else delta_lower
        end as delta_lower,
        case
            when metric_kind = 'calibration' then error_delta + {{ z }} * replicate_stddev
            else delta_upper
        end as delta_upper,
        case
            when metric_kind = 'calibration' and replicate_stddev > 0e0 then 'bootstrap'
            else coalesce(p_method, 'none')
        end as p_method,
        case
            when is_told_differently then null
            when metric_kind = 'calibration' and replicate_stddev > 0e0
                then {{ normal_p_value('(error_delta / replicate_stddev)') }}
            else p_value
        end as p_value,
        sign_test_p_value,
        {%- for count in ['higher', 'lower', 'ties'] %}
        case when metric_kind <> 'calibration' then coalesce({{ count }}, 0) end as {{ count }},
        {%- endfor %}
        only_baseline_correct,
        only_candidate_correct,
        mcnemar_statistic,
        mcnemar_p_value,
        mcnemar_corrected_statistic,
        mcnemar_corrected_p_value,
        mcnemar_exact_p_value,
        mcnemar_mid_p_value,
        correlation,
        variance_saved,
        unpaired_stderr,
        unpaired_p_value,
        case
            when metric_kind = 'calibration' then {{ detectable_effect('replicate_stddev') }}
            else minimum_detectable_effect
        end as minimum_detectable_effect,
        cast({{ var('comparison_tolerance') }} as double) * scale_max as tolerance,
        needed_pairs,
        unmatched,
        worst_case_lower,
        worst_case_upper,
        replicates,
        replicate_stddev,
        lower_quantile,
        upper_quantile,
        case
            when metric_finding is not null and pair_finding is not null
                then metric_finding || '; ' || pair_finding
            else coalesce(metric_finding, pair_finding)
        end as finding,
        is_told_differently
    from joined

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

        -- the difference
        pairs,
        clusters,
        baseline_value,
        candidate_value,
        delta,
        delta_stderr,
        delta_lower,
        delta_upper,

        -- is it real
        p_method,
        p_value,
        q_value,
        holm_p_value,
        family_tests,
        {{ comparison_verdict('is_told_differently') }} as verdict,
        case when is_higher_better then higher when not is_higher_better then lower end as wins,
        ties,
        case when is_higher_better then lower when not is_higher_better then higher end as losses,
        higher as candidate_higher,
        lower as candidate_lower,
        sign_test_p_value,
        only_baseline_correct,
        only_candidate_correct,
        mcnemar_statistic,
        mcnemar_p_value,
        mcnemar_corrected_statistic,
        mcnemar_corrected_p_value,
        mcnemar_exact_p_value,
        mcnemar_mid_p_value,

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
