-- Question: from which confidence on may answers go out unseen, and how many are that?
-- Reads:    mart_confidence_thresholds
-- Returns:  one row per job: answers of at least `threshold` are right at least as often as
--           promised_accuracy says, a promise that is kept in 95 of 100 jobs although the threshold
--           was chosen; finding says where there is none, and why

with routing as (

    select
        *,
        max(case when is_tested then level end) over (partition by job_id) as last_tested,
        max(case when is_chosen then level end) over (partition by job_id) as chosen
    from mart_confidence_thresholds
    where threshold_rule = 'routing'

),

jobs as (

    select
        job_id,
        max(promised_accuracy) as promised_accuracy,
        max(eligible_examples) as tested_on_examples,
        max(last_tested) as last_tested,
        max(chosen) as chosen
    from routing
    group by job_id

)

select
    jobs.job_id,
    jobs.promised_accuracy,
    routing.threshold,
    routing.coverage,
    routing.coverage_lower,
    routing.coverage_upper,
    routing.accuracy,
    routing.accuracy_exact_lower,
    routing.accepted_examples,
    routing.routed_examples,
    routing.routed_errors,
    jobs.tested_on_examples,
    case
        when jobs.last_tested is null then 'none found: too few examples'
        when jobs.chosen is null then 'none found: the surest answers are not right often enough'
        else 'found'
    end as finding
from jobs
left join routing
    on
        jobs.job_id = routing.job_id
        and routing.is_chosen
order by jobs.job_id asc
