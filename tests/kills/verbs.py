"""What a process does to a lake, through the public functions: one verb, from opening it to its end.

Nothing here knows that it may be killed.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, get_args

from ingest.lake import Lake
from ingest.landing import IngestOptions, ingest_source

Verb = Literal["ingest", "force", "drop", "restore", "compact", "vacuum"]
VERBS: tuple[Verb, ...] = get_args(Verb)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One verb on one lake."""

    verb: Verb
    root: str
    job_id: str = ""
    source: str = ""
    """What is ingested."""
    grace_seconds: float = 0.0
    """Of a vacuum."""

    def document(self) -> dict[str, Any]:
        """The order as what JSON can write."""
        return asdict(self)


def now() -> datetime:
    return datetime.now(UTC)


def carry_out(order: Order) -> str:
    """Do it; what came of it, and for an ingest the load's id. Raises what the lake raises."""
    if order.verb in ("ingest", "force"):
        (result,) = ingest_source(
            order.source,
            Lake.open(order.root, create=True, now=now),
            options=IngestOptions(job_id=order.job_id, force=order.verb == "force", workers=1),
            now=now,
        )
        return f"{result.outcome} {result.load_id}"
    lake = Lake.open(order.root, now=now)
    if order.verb == "drop":
        lake.drop(order.job_id, reason="not needed")
        return "dropped"
    if order.verb == "restore":
        lake.restore(order.job_id, reason="needed after all")
        return "restored"
    if order.verb == "vacuum":
        from ingest.lake.vacuum import vacuum

        vacuum(lake, now=now(), grace=timedelta(seconds=order.grace_seconds))
        return "vacuumed"
    from ingest.lake.compaction import compact

    compact(lake, now=now(), fewest=2)
    return "compacted"
