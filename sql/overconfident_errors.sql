-- Question: where was the model sure and wrong?
-- Reads:    mart_failures
-- Returns:  one row per wrong example at or above the low-confidence limit, the surest first

select
    job_id,
    example_id,
    confidence,
    gold_label,
    predicted_label,
    error_category,
    query_excerpt,
    gold_excerpt,
    prediction_excerpt
from mart_failures
where is_overconfident_error
order by job_id asc, confidence desc nulls last, example_id asc
