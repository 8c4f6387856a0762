-- Question: which expectations does the data that we look at not meet, and by how many rows?
-- Reads:    mart_load_quality
-- Returns:  one row per expectation that a visible load fails; a critical one only where somebody
--           released the load, with the reason

select
    job_id,
    severity,
    table_name,
    column_names,
    expected_because,
    rows_unexpected,
    rows_checked,
    met_ratio,
    required_ratio,
    unexpected_values_json,
    released_because
from mart_load_quality
where not is_met
order by severity asc, job_id asc, table_name asc, expectation_key asc
