-- Question: in which domains is the model sure, and in which is it right?
-- Reads:    mart_slice_metrics
-- Returns:  one row per job and value of the metadata key domain, the least sure first; rates
--           are ratios in [0, 1], a calibration gap above 0 is overconfidence

select
    job_id,
    slice_value as domain,
    examples,
    confident_examples,
    mean_confidence,
    mean_confidence_lower,
    mean_confidence_upper,
    accuracy,
    accuracy_lower,
    accuracy_upper,
    calibration_gap,
    low_confidence_rate,
    overconfident_rate
from mart_slice_metrics
where slice_key = 'domain' and not is_pair
order by job_id asc, mean_confidence asc nulls last, slice_value asc nulls last
