-- Grain: one row per job_id.
-- A job without examples (a judge job) has counts of 0 and null estimates.

{{ config(materialized=kept_table()) }}

with jobs as (

    select * from {{ ref('stg_lake__jobs') }} {{ of_changed_loads() }}

),

slices as (

    select *
    from {{ ref('int_slices') }}
    where slice_id < 0

),

totals as (

    select *
    from {{ ref('int_slice_totals') }}
    where slice_id < 0

),

calibrations as (

    select *
    from {{ ref('int_slice_calibration') }}
    where slice_id < 0

),

examples as (

    select * from {{ ref('fct_examples') }} {{ of_changed_loads() }}

),

confidences as (

    select * from {{ ref('fct_example_confidence') }} {{ of_changed_loads() }}

),

-- what was recorded of the log probabilities, so that a gap is seen and not averaged away
recorded as (

    select
        job_id,
        {%- for status in ['ok', 'absent', 'empty', 'malformed', 'not_logprobs'] %}
        count(*) filter (where logprobs_status = '{{ status }}') as logprobs_{{ status }}_examples,
        {%- endfor %}
        {%- for alignment in ['exact', 'partial', 'none'] %}
        count(*) filter (where alignment = '{{ alignment }}') as alignment_{{ alignment }}_examples,
        {%- endfor %}
        count(*) filter (where alignment_count > 1) as ambiguous_examples,
        count(*) filter (where is_label_ambiguous) as ambiguous_labels,
        count(*) filter (where label_token_straddles) as straddling_labels
    from confidences
    group by job_id

),

qualities as (

    select
        job_id,
        sum(quality_score) as sum_quality,
        sum(quality_score * quality_score) as sum_quality_square
    from examples
    group by job_id

),

ranked as (

    select
        slice_id,
        confidence,
        is_correct
    from {{ ref('int_example_slices') }}
    where
        slice_id < 0
        and confidence is not null
        and is_correct is not null
        {{ of_changed_slices('and') }}

),

tie_blocks as (

    {{ tie_blocks('ranked', ['slice_id']) }}

),

areas as (

    {{ aurc_stderr('tie_blocks', ['slice_id']) }}

),

{%- set level = var('interval_level') %}
{%- set z = normal_quantile(level) %}

described as (

    select
        jobs.job_id,
        totals.*,
        totals.confident_examples * totals.effective_share as confident_worth,
        totals.calibrated_examples * totals.effective_share as calibrated_worth,
        totals.quality_examples * totals.effective_share as quality_worth,
        totals.sum_calibrated_confidence - totals.calibrated_correct as sum_gap,
        qualities.sum_quality,
        qualities.sum_quality_square,
        areas.aurc_stderr / sqrt(totals.effective_share) as aurc_stderr,
        areas.e_aurc_stderr / sqrt(totals.effective_share) as e_aurc_stderr,
        {{ t_quantile(level, '(totals.clusters - 1)') }} as cluster_quantile,
        {{ t_quantile(level, '(totals.confident_examples * totals.effective_share - 1e0)') }}
            as confident_quantile,
        {{ t_quantile(level, '(totals.calibrated_examples * totals.effective_share - 1e0)') }}
            as calibrated_quantile,
        {{ t_quantile(level, '(totals.quality_examples * totals.effective_share - 1e0)') }}
            as quality_quantile
    from jobs
    left join slices on jobs.job_id = slices.job_id
    left join totals on slices.slice_id = totals.slice_id
    left join areas on slices.slice_id = areas.slice_id
    left join qualities on jobs.job_id = qualities.job_id

),

final as (

    select
        -- ids
        described.job_id,

        -- accuracy
        coalesce(described.examples, 0) as examples,
        coalesce(described.scored_examples, 0) as scored_examples,
        coalesce(described.correct, 0) as correct,
        described.accuracy,
        {{ wilson_bound('described.accuracy', 'described.effective_examples', 'lower') }}
            as accuracy_lower,
        {{ wilson_bound('described.accuracy', 'described.effective_examples', 'upper') }}
            as accuracy_upper,
        case
            when described.scored_examples >= 2
                then
                    sqrt(
                        described.accuracy * (1e0 - described.accuracy)
                        / cast(described.scored_examples - 1 as double)
                    )
        end as accuracy_naive_stderr,
        described.accuracy_stderr,
        {%- for side, sign in [('lower', '-'), ('upper', '+')] %}
        case
            when described.clusters >= {{ var('min_clusters') }} and described.accuracy_stderr > 0e0
                then
                    described.accuracy
                    {{ sign }} described.cluster_quantile * described.accuracy_stderr
        end as accuracy_t_{{ side }},
        {%- endfor %}
        coalesce(described.clusters, 0) as clusters,
        described.design_effect,
        described.effective_examples,

        -- quality and shape
        coalesce(described.quality_examples, 0) as quality_examples,
        coalesce(described.quality_passes, 0) as quality_passes,
        {{ rate_columns(
            'quality_pass_rate',
            'described.quality_passes', 'described.quality_examples', 'described.effective_share'
        ) }},
        described.sum_quality,
        described.sum_quality / nullif(cast(described.quality_examples as double), 0e0)
            as mean_quality_score,
        {%- for side in ['lower', 'upper'] %}
        {{ mean_bound(
            'described.sum_quality', 'described.sum_quality_square', 'described.quality_examples',
            'described.quality_worth', 'described.quality_quantile', side
        ) }} as mean_quality_score_{{ side }},
        {%- endfor %}
        coalesce(described.schema_examples, 0) as schema_examples,
        coalesce(described.schema_valid, 0) as schema_valid,
        {{ rate_columns(
            'schema_adherence',
            'described.schema_valid', 'described.schema_examples', 'described.effective_share'
        ) }},

        -- confidence
        coalesce(described.confident_examples, 0) as confident_examples,
        cast(described.confident_examples as double)
        / nullif(cast(described.examples as double), 0e0) as confidence_coverage,
        described.sum_confidence,
        described.sum_confidence / nullif(cast(described.confident_examples as double), 0e0)
            as mean_confidence,
        {%- for side in ['lower', 'upper'] %}
        {{ mean_bound(
            'described.sum_confidence', 'described.sum_confidence_square',
            'described.confident_examples', 'described.confident_worth',
            'described.confident_quantile', side
        ) }} as mean_confidence_{{ side }},
        {%- endfor %}
        coalesce(described.low_confidence_examples, 0) as low_confidence_examples,
        {{ rate_columns(
            'low_confidence_rate',
            'described.low_confidence_examples', 'described.confident_examples',
            'described.effective_share'
        ) }},
        coalesce(described.calibrated_examples, 0) as calibrated_examples,
        coalesce(described.calibrated_correct, 0) as calibrated_correct,
        described.sum_calibrated_confidence,
        coalesce(described.overconfident_errors, 0) as overconfident_errors,
        {{ rate_columns(
            'overconfident_rate',
            'described.overconfident_errors', 'described.calibrated_examples',
            'described.effective_share'
        ) }},

        -- what was recorded
        {%- for column in [
            'logprobs_ok_examples', 'logprobs_absent_examples', 'logprobs_empty_examples',
            'logprobs_malformed_examples', 'logprobs_not_logprobs_examples',
            'alignment_exact_examples', 'alignment_partial_examples', 'alignment_none_examples',
            'ambiguous_examples', 'ambiguous_labels', 'straddling_labels',
        ] %}
        coalesce(recorded.{{ column }}, 0) as {{ column }},
        {%- endfor %}

        -- calibration
        described.sum_gap / nullif(cast(described.calibrated_examples as double), 0e0)
            as calibration_gap,
        {%- for side in ['lower', 'upper'] %}
        {{ mean_bound(
            'described.sum_gap', 'described.sum_squared_error',
            'described.calibrated_examples', 'described.calibrated_worth',
            'described.calibrated_quantile', side
        ) }} as calibration_gap_{{ side }},
        {%- endfor %}
        calibrations.ece_equal_width,
        calibrations.ece_equal_width_lower,
        calibrations.ece_equal_width_upper,
        calibrations.ece_baseline,
        calibrations.ece_debiased,
        calibrations.ece_equal_mass,
        calibrations.ece_equal_mass_lower,
        calibrations.ece_equal_mass_upper,
        calibrations.ece_equal_mass_baseline,
        calibrations.ece_equal_mass_debiased,
        calibrations.rmsce,
        calibrations.mce,
        calibrations.squared_error_debiased,
        described.sum_squared_error,
        calibrations.brier,
        {%- for side in ['lower', 'upper'] %}
        {{ mean_bound(
            'described.sum_squared_error', 'described.sum_error_fourth',
            'described.calibrated_examples', 'described.calibrated_worth',
            'described.calibrated_quantile', side
        ) }} as brier_{{ side }},
        {%- endfor %}
        calibrations.brier_reliability,
        calibrations.brier_resolution,
        calibrations.brier_uncertainty,
        calibrations.brier_within_bin_variance,
        calibrations.brier_within_bin_covariance,

        -- ranking
        calibrations.auroc,
        calibrations.auroc_stderr,
        calibrations.auroc_lower,
        calibrations.auroc_upper,
        calibrations.aurc,
        described.aurc_stderr,
        case
            when calibrations.aurc < {{ z }} * described.aurc_stderr then 0e0
            else calibrations.aurc - {{ z }} * described.aurc_stderr
        end as aurc_lower,
        calibrations.aurc + {{ z }} * described.aurc_stderr as aurc_upper,
        calibrations.aurc_optimum,
        calibrations.e_aurc,
        case
            when calibrations.e_aurc < {{ z }} * described.e_aurc_stderr then 0e0
            else calibrations.e_aurc - {{ z }} * described.e_aurc_stderr
        end as e_aurc_lower,
        calibrations.e_aurc + {{ z }} * described.e_aurc_stderr as e_aurc_upper
        {%- for share in [50, 80, 90, 95] %},
        calibrations.kept_at_{{ share }},
        calibrations.accuracy_at_{{ share }}_coverage,
        calibrations.accuracy_at_{{ share }}_coverage_lower,
        calibrations.accuracy_at_{{ share }}_coverage_upper
        {%- endfor %}
    from described
    left join recorded on described.job_id = recorded.job_id
    left join calibrations on described.slice_id = calibrations.slice_id

)

select * from final
