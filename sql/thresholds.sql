-- Question: from which confidence on can answers be trusted, and how many are left to a person?
-- Reads:    mart_confidence_thresholds
-- Returns:  one row per job and twentieth of the examples, surest first; accuracy_exact_lower is
--           what the accuracy of the accepted answers reaches at least, at 95 %

select
    job_id,
    threshold,
    coverage,
    accepted_examples,
    accuracy,
    accuracy_exact_lower,
    routed_examples,
    routed_errors
from mart_confidence_thresholds
where threshold_rule = 'coverage'
order by job_id asc, coverage asc nulls last, threshold desc nulls last
