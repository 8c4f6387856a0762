-- Grain: one row per (job_id, gold_label, predicted_label).
-- Which labels are taken for which, over the examples whose gold answer has a label.

{{ config(materialized=kept_table()) }}

with labelled as (

    select * from {{ ref('fct_examples') }}
    where gold_label_normalized is not null {{ of_changed_loads(word='and') }}

),

-- one spelling per label and job: gold's where gold has it
spellings as (

    select
        job_id,
        label_normalized,
        label
    from {{ ref('mart_label_metrics') }} {{ of_changed_loads('job_id') }}

),

counted as (

    select
        job_id,
        gold_label_normalized,
        predicted_label_normalized,
        count(*) as examples,
        count(confidence) as confidence_examples,
        sum(confidence) as sum_confidence,
        sum(confidence * confidence) as sum_confidence_square,
        count(distinct case when confidence is not null then cluster_id end) as confidence_clusters
    from labelled
    group by job_id, gold_label_normalized, predicted_label_normalized

),

gold_totals as (

    select
        job_id,
        gold_label_normalized,
        count(*) as examples,
        -- where examples repeat or come in clusters, intervals count clusters, not rows
        count(distinct cluster_id) as clusters
    from labelled
    group by job_id, gold_label_normalized

),

described as (

    select
        counted.*,
        gold_totals.examples as gold_examples,
        cast(gold_totals.clusters as double) / cast(gold_totals.examples as double) as gold_share,
        {{ t_quantile(var('interval_level'), '(counted.confidence_clusters - 1)') }} as quantile
    from counted
    inner join gold_totals
        on
            counted.job_id = gold_totals.job_id
            and counted.gold_label_normalized = gold_totals.gold_label_normalized

),

final as (

    select
        -- ids
        described.job_id,
        gold_spellings.label as gold_label,
        predicted_spellings.label as predicted_label,

        -- attributes
        coalesce(described.gold_label_normalized = described.predicted_label_normalized, false)
            as is_correct,

        -- measures
        described.examples,
        described.gold_examples,
        {{ rate_columns(
            'share_of_gold_label',
            'described.examples', 'described.gold_examples', 'described.gold_share'
        ) }},
        described.sum_confidence / nullif(cast(described.confidence_examples as double), 0e0)
            as mean_confidence,
        {%- for side in ['lower', 'upper'] %}
        {{ mean_bound(
            'described.sum_confidence', 'described.sum_confidence_square',
            'described.confidence_examples', 'described.confidence_clusters',
            'described.quantile', side
        ) }} as mean_confidence_{{ side }},
        {%- endfor %}
        described.confidence_examples
    from described
    inner join spellings as gold_spellings
        on
            described.job_id = gold_spellings.job_id
            and described.gold_label_normalized = gold_spellings.label_normalized
    left join spellings as predicted_spellings
        on
            described.job_id = predicted_spellings.job_id
            and described.predicted_label_normalized = predicted_spellings.label_normalized

)

select * from final
