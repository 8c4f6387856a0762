"""Identifiers that sort by the time they were made: ULIDs, for loads and events.

48 bits of milliseconds and 80 random bits, written as 26 characters of Crockford's base 32.
Nothing reads the clock here: it is given.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from datetime import UTC, datetime

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RANDOM_BITS = 80


class UlidGenerator:
    """Makes ULIDs, each greater than the one before, from any number of threads.

    Within one millisecond, and when the clock steps back, the random part counts up instead.
    """

    def __init__(
        self,
        now: Callable[[], datetime],
        *,
        random_bits: Callable[[int], int] = secrets.randbits,
    ) -> None:
        self._now = now
        self._random_bits = random_bits
        self._lock = threading.Lock()
        self._last = -1

    def new(self) -> str:
        """The next identifier, 26 characters."""
        milliseconds = int(self._now().timestamp() * 1000)
        with self._lock:
            if milliseconds > self._last >> _RANDOM_BITS:
                self._last = milliseconds << _RANDOM_BITS | self._random_bits(_RANDOM_BITS)
            else:
                self._last += 1
            return encode(self._last)


def encode(value: int) -> str:
    """`value` (128 bits) as 26 characters, most significant first.

    >>> encode(0)
    '00000000000000000000000000'
    >>> encode(2**128 - 1)
    '7ZZZZZZZZZZZZZZZZZZZZZZZZZ'
    """
    return "".join(_ALPHABET[value >> shift & 31] for shift in range(125, -1, -5))


def made_at(identifier: str) -> datetime | None:
    """When a ULID was made, aware, to the millisecond; None for what is none.

    >>> made_at("01ARZ3NDEKTSV4RRFFQ69G5FAV").isoformat()
    '2016-07-30T23:54:10.259000+00:00'
    >>> made_at("part-00000") is None
    True
    """
    if len(identifier) != 26 or not set(identifier) <= set(_ALPHABET) or identifier[0] > "7":
        return None
    value = 0
    for letter in identifier[:10]:
        value = value << 5 | _ALPHABET.index(letter)
    try:
        return datetime.fromtimestamp(value / 1000, UTC)
    except (OverflowError, ValueError):  # past the year 9999
        return None
