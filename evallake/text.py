"""Values as text for people: counts, ratios, times, and foreign text made safe for a terminal.

Pure functions. Nothing here knows where a value comes from or where it goes.
"""

from __future__ import annotations

import math
from datetime import datetime

from ingest.shown import visible

__all__ = ["NOTHING", "cell", "visible"]

NOTHING = "·"
"""How a missing value is shown: never as 0 and never as empty."""


def cell(value: object, name: str = "") -> str:
    """One value for people: counts with thousands apart, ratios with few digits, null as ·."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}" if not name.endswith(("_id", "_index", "year")) else str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            return NOTHING
        if value == 0 or 1e-3 <= abs(value) < 1e4:
            return f"{value:.3f}" if abs(value) < 100 else f"{value:,.1f}"
        return f"{value:.3g}"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return visible(str(value))
