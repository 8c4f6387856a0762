"""The SQL that the report asks about judges and about the audit."""

from __future__ import annotations

JUDGES = """
with judged as (
    select
        mart_judge.*,
        dim_jobs.model_name,
        count(*) over () as judges_in_all,
        row_number() over (
            order by dim_jobs.evaluated_at_utc desc nulls last, mart_judge.job_id desc
        ) as place
    from mart_judge
    inner join dim_jobs on mart_judge.job_id = dim_jobs.job_id
    where mart_judge.slice_key = 'all' and (:all_judges or mart_judge.job_id in (:jobs))
)

select * from judged
where place <= :rows
order by place asc nulls last
"""

JUDGE_SLICES = """
with counted as (
    select
        *,
        count(*) over (partition by job_id, slice_key) as key_values
    from mart_judge
    where job_id in (:jobs) and slice_key <> 'all' and wins + losses + ties > 0
),

ranked as (
    select
        *,
        dense_rank() over (partition by job_id order by slice_key asc) as key_place
    from counted
    where key_values between 2 and :most_values
)

select * from ranked
where key_place <= :keys
order by job_id asc, key_place asc nulls last, slice_value asc
"""

CRITERIA = """
with ranked as (
    select
        *,
        count(*) over (partition by job_id) as criteria_in_all,
        row_number() over (
            partition by job_id
            order by mean_weight desc nulls last, judgments desc nulls last, criterion asc
        ) as place
    from mart_judge_criteria
    where job_id in (:jobs)
)

select * from ranked
where place <= :rows
order by job_id asc, place asc nulls last
"""

AUDIT = """
select
    count(*) as reported,
    coalesce(sum(case when status like 'recomputed%' then 1 else 0 end), 0) as recomputed,
    coalesce(sum(case when finding_count > 0 then 1 else 0 end), 0) as faulty
from mart_metric_audit
where job_id in (:jobs)
"""

AUDIT_FINDINGS = """
select * from mart_metric_audit
where job_id in (:jobs) and finding_count > 0
order by job_id asc, task_key asc, metric_name asc
limit :rows
"""
