-- Question: which labels does the model take for which?
-- Reads:    mart_confusion
-- Returns:  one row per job and pair of gold and predicted label that differ, the most frequent
--           first; share_of_gold_label is the ratio of that gold label's examples

select
    job_id,
    gold_label,
    predicted_label,
    examples,
    share_of_gold_label,
    mean_confidence
from mart_confusion
where not is_correct
order by
    job_id asc,
    examples desc nulls last,
    gold_label asc nulls last,
    predicted_label asc nulls last
