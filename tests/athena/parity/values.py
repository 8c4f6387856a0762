"""When two values are the same: the one rule of every parity test."""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal
from typing import Any

TOLERANCE = 1e-9
"""Relative to max(1, |x|): sums of doubles depend on the order in which an engine adds."""


def is_same(one: Any, other: Any) -> bool:
    """Equal text, numbers within the tolerance, null beside null; types must agree too."""
    if one is None or other is None:
        return one is None and other is None
    if isinstance(one, bool) or isinstance(other, bool):
        return isinstance(one, bool) and isinstance(other, bool) and one == other
    if isinstance(one, float) and isinstance(other, float):
        return relative_difference(one, other) <= TOLERANCE
    if isinstance(one, int) and isinstance(other, int):
        return one == other
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(is_same, one, other))
    if isinstance(one, dict) and isinstance(other, list | tuple):  # a struct beside a row
        return is_same(tuple(one.values()), other)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(is_same(one[key], other[key]) for key in one)
    if isinstance(one, datetime) and isinstance(other, datetime):
        return one.replace(tzinfo=None) == other.replace(tzinfo=None)
    if isinstance(one, str | bytes | date | Decimal):
        return type(one) is type(other) and bool(one == other)
    return False


def relative_difference(one: float, other: float) -> float:
    """|one - other| over max(1, |one|, |other|); infinity where only one is a number."""
    if one == other or (math.isnan(one) and math.isnan(other)):
        return 0.0
    if not (math.isfinite(one) and math.isfinite(other)):
        return math.inf
    return abs(one - other) / max(1.0, abs(one), abs(other))
