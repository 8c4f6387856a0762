"""Numbers of a JSON document that nobody here wrote: as what they are, or as none at all.

JSON knows integers of any length, and Python reads NaN and Infinity; columns know neither.
"""

from __future__ import annotations

import math

MOST_COUNTED = 1 << 53
"""Larger counts are not counts (the first whole number that a double may have got wrong)."""


def count_of(value: object) -> int | None:
    """A whole number from 0 on; None for anything else, and for what nobody can have counted."""
    return value if type(value) is int and 0 <= value <= MOST_COUNTED else None


def number_of(value: object) -> float | None:
    """A finite number, as it is or as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def whole_of(value: float | None) -> int | None:
    """A number as the whole number that it is, where a double says it exactly."""
    if value is None or abs(value) > MOST_COUNTED or not float(value).is_integer():
        return None
    return int(value)
