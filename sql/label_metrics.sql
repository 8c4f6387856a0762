-- Question: which labels does the model find, and which does it give too freely?
-- Reads:    mart_label_metrics
-- Returns:  one row per job and label, the worst F1 first; rates are ratios in [0, 1]

select
    job_id,
    label,
    support,
    predicted,
    true_positives,
    precision,
    precision_lower,
    precision_upper,
    recall,
    recall_lower,
    recall_upper,
    f1
from mart_label_metrics
order by job_id asc, f1 asc nulls last, label asc nulls last
