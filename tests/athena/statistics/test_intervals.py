"""tests/unit/statistics/test_intervals.py, on Trino."""

from __future__ import annotations

from tests.unit.statistics.test_intervals import *  # noqa: F403
