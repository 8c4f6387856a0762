-- Question: how did each job do?
-- Reads:    mart_job_summary, dim_jobs
-- Returns:  one row per job, the newest first; rates are ratios in [0, 1], bounds at 95 %

select
    summary.job_id,
    jobs.model_name,
    summary.examples,
    summary.accuracy,
    summary.accuracy_lower,
    summary.accuracy_upper,
    summary.mean_confidence,
    summary.ece_equal_width as ece,
    summary.ece_baseline,
    summary.brier,
    summary.auroc,
    summary.low_confidence_rate,
    summary.overconfident_rate,
    summary.schema_adherence,
    jobs.evaluated_at_utc
from mart_job_summary as summary
inner join dim_jobs as jobs on summary.job_id = jobs.job_id
order by jobs.evaluated_at_utc desc nulls last, summary.job_id asc
