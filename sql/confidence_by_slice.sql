-- Question: how sure and how right is the model on every slice known before the answer?
-- Reads:    mart_slice_metrics
-- Returns:  one row per job, slice key and slice value; rates are ratios in [0, 1], a calibration
--           gap above 0 is overconfidence

select
    job_id,
    slice_key,
    slice_value,
    examples,
    confident_examples,
    mean_confidence,
    accuracy,
    accuracy_lower,
    accuracy_upper,
    calibration_gap,
    calibration_gap_lower,
    calibration_gap_upper,
    low_confidence_rate,
    overconfident_rate
from mart_slice_metrics
where not is_pair and not is_outcome_slice
order by
    job_id asc,
    slice_key asc nulls last,
    mean_confidence asc nulls last,
    slice_value asc nulls last
