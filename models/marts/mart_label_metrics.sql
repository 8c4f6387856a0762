-- Grain: one row per (job_id, label_normalized).
-- One label against all others, over the examples whose gold answer has a label. Where examples
-- repeat or come in clusters, the intervals count clusters, not rows.

{{ config(materialized=kept_table()) }}

with labelled as (

    select * from {{ ref('fct_examples') }}
    where gold_label_normalized is not null {{ of_changed_loads(word='and') }}

),

gold_totals as (

    select
        job_id,
        gold_label_normalized as label_normalized,
        min(gold_label) as label,
        count(*) as support,
        count(distinct cluster_id) as support_clusters,
        cast(sum(case when is_correct then 1 else 0 end) as bigint) as true_positives
    from labelled
    group by job_id, gold_label_normalized

),

predicted_totals as (

    select
        job_id,
        predicted_label_normalized as label_normalized,
        min(predicted_label) as label,
        count(*) as predicted,
        count(distinct cluster_id) as predicted_clusters
    from labelled
    where predicted_label_normalized is not null
    group by job_id, predicted_label_normalized

),

counted as (

    select
        coalesce(gold_totals.job_id, predicted_totals.job_id) as job_id,
        coalesce(gold_totals.label_normalized, predicted_totals.label_normalized)
            as label_normalized,
        coalesce(gold_totals.label, predicted_totals.label) as label,
        gold_totals.job_id is not null as is_in_gold,
        coalesce(gold_totals.support, 0) as support,
        coalesce(gold_totals.support_clusters, 0) as support_clusters,
        coalesce(predicted_totals.predicted, 0) as predicted,
        coalesce(predicted_totals.predicted_clusters, 0) as predicted_clusters,
        coalesce(gold_totals.true_positives, 0) as true_positives
    from gold_totals
    full outer join predicted_totals
        on
            gold_totals.job_id = predicted_totals.job_id
            and gold_totals.label_normalized = predicted_totals.label_normalized

),

-- the share of rows with the label on either side that have it on both orders labels as F1 does,
-- and is a proportion: F1 = 2 s / (1 + s), and so for the ends of its interval
rated as (

    select
        *,
        support + predicted - true_positives as either,
        case
            when support_clusters + predicted_clusters = support + predicted
                then support + predicted - true_positives
            else greatest(support_clusters, predicted_clusters)
        end as either_n,
        cast(true_positives as double) / nullif(cast(predicted as double), 0e0) as precision_rate,
        cast(true_positives as double) / nullif(cast(support as double), 0e0) as recall_rate,
        cast(true_positives as double)
        / nullif(cast(support + predicted - true_positives as double), 0e0) as shared_rate
    from counted

),

bounded as (

    select
        *,
        {{ wilson_bound('precision_rate', 'predicted_clusters', 'lower') }} as precision_lower,
        {{ wilson_bound('precision_rate', 'predicted_clusters', 'upper') }} as precision_upper,
        {{ wilson_bound('recall_rate', 'support_clusters', 'lower') }} as recall_lower,
        {{ wilson_bound('recall_rate', 'support_clusters', 'upper') }} as recall_upper,
        {{ wilson_bound('shared_rate', 'either_n', 'lower') }} as shared_lower,
        {{ wilson_bound('shared_rate', 'either_n', 'upper') }} as shared_upper
    from rated

),

final as (

    select
        -- ids
        job_id,
        label_normalized,

        -- attributes
        label,
        is_in_gold,

        -- counts
        support,
        predicted,
        true_positives,

        -- rates
        precision_rate as precision,
        precision_lower,
        precision_upper,
        recall_rate as recall,
        recall_lower,
        recall_upper,
        2e0 * shared_rate / (1e0 + shared_rate) as f1,
        2e0 * shared_lower / (1e0 + shared_lower) as f1_lower,
        2e0 * shared_upper / (1e0 + shared_upper) as f1_upper
    from bounded

)

select * from final
