-- Grain: one row per (job_id, metric_number).
-- What is compared of each job: correctness, confidence, calibration error, AUROC, BLEU where its
-- examples have counts, every metric of its examples, and whether each field is right; with
-- direction, scale and aggregation.

{%- set own_names = ['correctness', 'confidence', 'ece', 'auroc', 'bleu'] %}

with requests as (

    select * from {{ ref('int_changed_pairs') }}

),

compared_jobs as (

    select baseline_job_id as job_id from requests
    union
    select candidate_job_id as job_id from requests

),

metrics as (

    select distinct
        job_id,
        metric_name
    from {{ ref('stg_lake__example_metrics') }}
    where
        metric_value is not null
        and job_id in (select job_id from compared_jobs)
        {{ of_compared_loads(word='and') }}

),

-- a metric that two tasks of a job declare differently has no one direction
declared as (

    select
        job_id,
        metric_name,
        case
            when bool_and(higher_is_better) = bool_or(higher_is_better)
                then bool_and(higher_is_better)
        end as is_higher_better,
        case when min(aggregation) = max(aggregation) then min(aggregation) end as aggregation,
        case when min(scale_max) = max(scale_max) then min(scale_max) end as scale_max
    from {{ ref('stg_lake__job_metrics') }} {{ of_compared_loads() }}
    group by job_id, metric_name

),

field_counts as (

    select
        job_id,
        field_path,
        count(*) as examples
    from {{ ref('fct_field_confidence') }}
    where
        has_gold
        and job_id in (select job_id from compared_jobs)
        {{ of_compared_loads(word='and') }}
    group by job_id, field_path

),

named as (

    {%- for kind, name, better in [
        ('correctness', 'correctness', 'true'),
        ('confidence', 'confidence', 'cast(null as boolean)'),
        ('calibration', 'ece', 'false'),
        ('ranking', 'auroc', 'true'),
    ] %}
    select
        job_id,
        '{{ kind }}' as metric_kind,
        '{{ name }}' as metric_name,
        cast(null as varchar) as source_name,
        {{ better }} as is_higher_better,
        'mean' as aggregation,
        1e0 as scale_max,
        cast(null as bigint) as examples
    from compared_jobs

    union all
    {% endfor %}
    select distinct
        job_id,
        'corpus' as metric_kind,
        'bleu' as metric_name,
        cast(null as varchar) as source_name,
        true as is_higher_better,
        'corpus' as aggregation,
        1e2 as scale_max,
        cast(null as bigint) as examples
    from {{ ref('stg_lake__example_bleu') }}
    where job_id in (select job_id from compared_jobs) {{ of_compared_loads(word='and') }}

    union all

    select
        metrics.job_id,
        'metric' as metric_kind,
        -- a metric that goes by one of the names above, or by that of a field, says what it is
        case
            when
                metrics.metric_name in ('{{ own_names | join("', '") }}')
                or starts_with(metrics.metric_name, 'field:')
                then 'metric:' || metrics.metric_name
            else metrics.metric_name
        end as metric_name,
        metrics.metric_name as source_name,
        declared.is_higher_better,
        coalesce(declared.aggregation, 'mean') as aggregation,
        declared.scale_max,
        cast(null as bigint) as examples
    from metrics
    left join declared
        on
            metrics.job_id = declared.job_id
            and metrics.metric_name = declared.metric_name

    union all

    select
        field_counts.job_id,
        'field' as metric_kind,
        'field:' || field_counts.field_path as metric_name,
        field_counts.field_path as source_name,
        true as is_higher_better,
        'mean' as aggregation,
        1e0 as scale_max,
        field_counts.examples
    from field_counts

),

final as (

    select
        -- ids; the number means nothing outside this build
        job_id,
        dense_rank() over (
            order by metric_kind asc nulls last, metric_name asc nulls last
        ) as metric_number,

        -- attributes
        metric_kind,
        metric_name,
        source_name,
        is_higher_better,
        aggregation,
        scale_max,

        -- measures
        examples
    from named

)

select * from final
