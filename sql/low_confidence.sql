-- Question: which answers was the model unsure of?
-- Reads:    mart_failures
-- Returns:  one row per example below the low-confidence limit, the least sure first

select
    job_id,
    example_id,
    confidence,
    is_correct,
    gold_label,
    predicted_label,
    error_category,
    query_excerpt,
    prediction_excerpt
from mart_failures
where is_low_confidence
order by job_id asc, confidence asc nulls last, example_id asc
