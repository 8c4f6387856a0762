-- Grain: one row per (pair_id, metric_number).
-- What is compared of a pair of jobs: whatever either of them reports, and the compared_fields
-- fields that most of their examples have.

with requests as (

    select * from {{ ref('int_changed_pairs') }}

),

compared_metrics as (

    select * from {{ ref('int_compared_metrics') }}

),

reported as (

    select
        requests.pair_id,
        0 as is_candidate,
        compared_metrics.*
    from requests
    inner join compared_metrics on requests.baseline_job_id = compared_metrics.job_id

    union all

    select
        requests.pair_id,
        1 as is_candidate,
        compared_metrics.*
    from requests
    inner join compared_metrics on requests.candidate_job_id = compared_metrics.job_id

),

merged as (

    select
        pair_id,
        metric_number,
        -- null where the jobs contradict each other
        max(metric_kind) as metric_kind,
        max(metric_name) as metric_name,
        case
            when bool_and(is_higher_better) = bool_or(is_higher_better)
                then bool_and(is_higher_better)
        end as is_higher_better,
        case when min(aggregation) = max(aggregation) then min(aggregation) end as aggregation,
        case when min(scale_max) = max(scale_max) then min(scale_max) end as scale_max,
        bool_or(is_candidate = 0) as is_in_baseline,
        bool_or(is_candidate = 1) as is_in_candidate,
        sum(examples) as examples
    from reported
    group by pair_id, metric_number

),

ranked as (

    select
        *,
        row_number() over (
            partition by pair_id, metric_kind
            order by examples desc nulls last, metric_name asc nulls last
        ) as place
    from merged

),

final as (

    select
        -- ids
        pair_id,
        metric_number,

        -- attributes
        metric_kind,
        metric_name,
        is_higher_better,
        aggregation,
        scale_max,
        is_in_baseline,
        is_in_candidate
    from ranked
    where metric_kind <> 'field' or place <= {{ var('compared_fields') }}

)

select * from final
