"""Numbers of the report as text."""

from __future__ import annotations

import math
from datetime import datetime

from evallake.report.values import Estimate
from evallake.text import NOTHING


def percent(value: float | None) -> str:
    """`0.8125` as `81.2 %`."""
    return NOTHING if value is None else f"{value * 100:.1f} %"


def ratio(value: float | None) -> str:
    """`0.8125` as `0.812`."""
    return NOTHING if value is None else f"{value:.3f}"


def count(value: int | None) -> str:
    """`12345` as `12,345`."""
    return NOTHING if value is None else f"{value:,}"


def interval(estimate: Estimate) -> str:
    """The interval in percent; empty where there is none."""
    if estimate.lower is None or estimate.upper is None:
        return ""
    return f"{estimate.lower * 100:.1f} to {estimate.upper * 100:.1f} %"


def interval_ratio(estimate: Estimate) -> str:
    """The interval as ratios; empty where there is none."""
    if estimate.lower is None or estimate.upper is None:
        return ""
    return f"{estimate.lower:.3f} to {estimate.upper:.3f}"


def moment(value: datetime) -> str:
    """A time to the minute."""
    return value.strftime("%Y-%m-%d %H:%M")


def words(value: str) -> str:
    """`training_gap` as `training gap`."""
    return value.replace("_", " ")


def shorten(value: str, characters: int) -> str:
    """At most so many characters, with an ellipsis where some are left out."""
    return value if len(value) <= characters else value[: characters - 1] + "…"


def points(value: float | None) -> str:
    """A difference of shares in points, with its sign: `-0.0513` as `−5.1`."""
    if value is None:
        return NOTHING
    scaled = value * 100
    is_tiny = scaled != 0 and abs(scaled) < 0.05
    text = f"{scaled:+.1g}" if is_tiny else f"{scaled:+.1f}"
    return ("0" if scaled == 0 else text).replace("-", "−")


def chance(value: float | None) -> str:
    """A p or q value with two digits; below one in ten thousand only that."""
    if value is None:
        return NOTHING
    return "< 0.0001" if value < 1e-4 else f"{value:.2g}"


def number(value: float | None) -> str:
    """Any value on its own scale, four digits."""
    if value is None or not math.isfinite(value):
        return NOTHING
    is_whole = value == int(value) and abs(value) >= 10
    return (f"{value:,.0f}" if is_whole else f"{value:.4g}").replace("-", "−")
