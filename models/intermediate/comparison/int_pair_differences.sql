-- Grain: one row per (baseline_job_id, candidate_job_id, metric_name, pair_key).
-- What every comparison of means is made of: both jobs' values of a metric for one example,
-- repeats averaged first. Examples with a value in both jobs only.

{{ config(materialized=kept_table('view')) }}

with pair_values as (

    select * from {{ ref('int_pair_values') }}

),

pair_keys as (

    select * from {{ ref('int_pair_keys') }}

),

pair_metrics as (

    select * from {{ ref('int_pair_metrics') }}

),

pairs as (

    select * from {{ ref('int_job_pairs') }}

),

final as (

    select
        -- ids
        pairs.baseline_job_id,
        pairs.candidate_job_id,
        pair_metrics.metric_name,
        pair_keys.pair_key,
        pair_keys.cluster_id,

        -- attributes
        pair_metrics.metric_kind,
        pair_metrics.is_higher_better,
        pair_metrics.aggregation,
        pair_metrics.scale_max,

        -- measures
        pair_values.baseline_value,
        pair_values.candidate_value,
        pair_values.difference,
        pair_values.baseline_repeats,
        pair_values.candidate_repeats
    from pair_values
    inner join pairs on pair_values.pair_id = pairs.pair_id
    inner join pair_metrics
        on
            pair_values.pair_id = pair_metrics.pair_id
            and pair_values.metric_number = pair_metrics.metric_number
    inner join pair_keys on pair_values.key_number = pair_keys.key_number
    where pair_values.difference is not null

)

select * from final
