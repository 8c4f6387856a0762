"""The SQL that the report asks about what a job's confidence is worth, and what would mend it."""

from __future__ import annotations

CALIBRATION = """
select bin_lower, bin_upper, examples, mean_confidence, accuracy, accuracy_lower, accuracy_upper
from mart_calibration_bins
where job_id = :job_id and slice_key = 'all' and binning = 'equal_width'
order by bin_lower asc nulls last
"""

THRESHOLDS = """
select threshold, coverage, accepted_examples as accuracy_n, accuracy,
    accuracy_exact_lower as accuracy_lower
from mart_confidence_thresholds
where job_id = :job_id and threshold_rule = 'coverage' and accepted_examples > 0
order by coverage asc nulls last, threshold desc nulls last
"""

# on top of the question of the same name in sql/
ROUTING = """
with asked as (
{routing_thresholds}
)
select * from asked
where job_id = :job_id
"""

RECALIBRATION = """
select * from mart_recalibration
where job_id = :job_id and slice_key = 'all' and slice_value = 'all'
order by case method when 'temperature' then 1 when 'platt' then 2 else 3 end asc, method asc
"""

RECALIBRATION_BINS = """
select * from mart_recalibration_bins
where job_id = :job_id and slice_key = 'all' and slice_value = 'all'
order by method asc, bin asc
"""
