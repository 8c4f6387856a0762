-- Grain: one row per (baseline_job_id, candidate_job_id, slice_key, slice_value, slice_key_2,
-- slice_value_2, metric_name). The second key and value are null where is_pair is false.
-- Only slices that are known before the answer; a slice made of answers would differ by itself.
-- q values: the family is all single slices of one ordered pair, or all its pairs of slices.

{{ config(materialized=kept_table()) }}

with pairs as (

    select * from {{ ref('int_job_pairs') }}

),

pair_metrics as (

    select * from {{ ref('int_pair_metrics') }}

),

slices as (

    select * from {{ ref('int_slices') }}

),

estimates as (

    select *
    from {{ ref('int_pair_estimates') }}
    where slice_id > 0

),

estimated as (

    select
        pairs.baseline_job_id,
        pairs.candidate_job_id,
        first_slices.slice_key,
        first_slices.slice_value,
        second_slices.slice_key as slice_key_2,
        second_slices.slice_value as slice_value_2,
        second_slices.slice_id is not null as is_pair,
        first_slices.is_capped or coalesce(second_slices.is_capped, false) as is_capped,
        pair_metrics.metric_name,
        pair_metrics.metric_kind,
        pair_metrics.is_higher_better,
        pair_metrics.aggregation,
        pair_metrics.scale_max,
        estimates.pairs,
        estimates.clusters,
        estimates.baseline_value,
        estimates.candidate_value,
        estimates.delta,
        estimates.delta_stderr,
        estimates.delta_lower,
        estimates.delta_upper,
        estimates.p_method,
        pair_metrics.metric_kind = 'correctness' and not pairs.same_scorer as is_told_differently,
        case
            when pair_metrics.metric_kind <> 'correctness' or pairs.same_scorer
                then estimates.p_value
        end as p_value,
        estimates.sign_test_p_value,
        estimates.higher,
        estimates.lower,
        estimates.ties,
        estimates.only_baseline_correct,
        estimates.only_candidate_correct,
        estimates.mcnemar_exact_p_value,
        estimates.mcnemar_mid_p_value,
        estimates.correlation,
        estimates.variance_saved,
        estimates.unpaired_stderr,
        estimates.unpaired_p_value,
        estimates.minimum_detectable_effect,
        estimates.tolerance,
        estimates.needed_pairs
    from estimates
    inner join pairs on estimates.pair_id = pairs.pair_id
    inner join pair_metrics
        on
            estimates.pair_id = pair_metrics.pair_id
            and estimates.metric_number = pair_metrics.metric_number
    inner join slices as first_slices
        on estimates.slice_id = first_slices.slice_id
    left join slices as second_slices
        on estimates.slice_id_2 = second_slices.slice_id

),

adjusted as (

    {{ adjusted_p_values('estimated', ['baseline_job_id', 'candidate_job_id', 'is_pair']) }}

),

final as (

    select
        -- ids
        baseline_job_id,
        candidate_job_id,
        slice_key,
        slice_value,
        slice_key_2,
        slice_value_2,
        metric_name,

        -- what is compared
        is_pair,
        is_capped,
        metric_kind,
        is_higher_better,
        aggregation,
        scale_max,

        {{ difference_columns() }},

        -- what pairing was worth
        correlation,
        variance_saved,
        unpaired_stderr,
        unpaired_p_value,

        -- what could have been found
        minimum_detectable_effect,
        tolerance,
        needed_pairs
    from adjusted

)

select * from final
