-- Question: does confidence mean what it says?
-- Reads:    mart_calibration_bins
-- Returns:  one row per job and bin of equal width over confidence; without overconfidence the
--           gap is at most 0

select
    job_id,
    bin_lower,
    bin_upper,
    examples,
    mean_confidence,
    accuracy,
    accuracy_lower,
    accuracy_upper,
    calibration_gap
from mart_calibration_bins
where slice_key = 'all' and binning = 'equal_width'
order by job_id asc, bin_lower asc nulls last
