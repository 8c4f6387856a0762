"""From the published tables to what the report shows of the check at the door."""

from __future__ import annotations

import json
from collections.abc import Sequence

from evallake.engines.asking import Engine
from evallake.report.door_facts import DoorFacts, HeldLoad, Unmet
from evallake.report.rows import Row, ask_rows

UNMET = 20
HELD = 10

COUNTS = """
select
    count(distinct job_id) as checked_jobs,
    count(*) as expectations,
    coalesce(sum(case when is_met then 0 else 1 end), 0) as failed
from mart_load_quality
where job_id in (:jobs)
"""

NOT_MET = """
select * from mart_load_quality
where job_id in (:jobs) and not is_met
order by severity, job_id, table_name, expectation_key
limit :rows
"""

HELD_LOADS = """
select
    *,
    count(*) over () as held_in_all
from mart_held_loads
where :all_jobs or job_id in (:jobs)
order by load_id desc
limit :rows
"""


def gather_door(engine: Engine, shown: Sequence[str], *, named: Sequence[str]) -> DoorFacts:
    """What failed in the jobs `shown`, and held loads: of the jobs `named`, else all of them."""
    (counts,) = ask_rows(engine, COUNTS, jobs=shown)
    failed = int(counts["failed"])
    unmet = ask_rows(engine, NOT_MET, jobs=shown, rows=UNMET) if failed else []
    held = ask_rows(engine, HELD_LOADS, jobs=named, all_jobs=not named, rows=HELD)
    return DoorFacts(
        checked_jobs=counts["checked_jobs"],
        unchecked_jobs=len(set(shown)) - counts["checked_jobs"],
        expectations=counts["expectations"],
        failed=failed,
        unmet=tuple(map(_unmet, unmet)),
        held=tuple(map(_held, held)),
        held_in_all=held[0]["held_in_all"] if held else 0,
    )


def _unmet(row: Row) -> Unmet:
    return Unmet(
        job_id=row["job_id"],
        severity=row["severity"],
        table=row["table_name"],
        columns=row["column_names"],
        because=row["expected_because"],
        unexpected=row["rows_unexpected"],
        checked=row["rows_checked"],
        examples=tuple(map(str, json.loads(row["unexpected_values_json"]))),
        released_because=row["released_because"],
    )


def _held(row: Row) -> HeldLoad:
    return HeldLoad(
        job_id=row["job_id"],
        because=row["held_because"],
        ingested_at_utc=row["ingested_at_utc"],
        rows=row["rows_landed"] or 0,
        is_second=row["visible_load_id"] is not None,
    )
