-- Question: which loads does nobody see, and why?
-- Reads:    mart_held_loads
-- Returns:  one row per held load, the newest first; visible_load_id is what the job shows now

select
    job_id,
    ingested_at_utc,
    held_because,
    rows_landed,
    rows_rejected,
    source_uri,
    load_id,
    visible_load_id
from mart_held_loads
order by load_id desc
