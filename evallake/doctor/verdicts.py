"""What a look at one thing came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ingest.errors import IngestError

Verdict = Literal["OK", "WARN", "FAIL"]
OK: Verdict = "OK"
WARN: Verdict = "WARN"
FAIL: Verdict = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the examination."""

    check: str
    """What was looked at, in a word or two."""
    verdict: Verdict
    """OK; WARN: works, but somebody should know; FAIL: something will not work."""
    told: str
    """What was seen."""
    do: str | None = None
    """What mends it. Null where there is nothing to do."""


def refused(check: str, error: IngestError, *, verdict: Verdict = FAIL) -> Finding:
    """The finding for a look that was refused, in the error's own words."""
    told = error.what if error.where is None else f"{error.where}: {error.what}"
    return Finding(check, verdict, " ".join(told.split()), error.do)
