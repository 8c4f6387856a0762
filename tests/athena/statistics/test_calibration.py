"""tests/unit/statistics/test_calibration.py, on Trino."""

from __future__ import annotations

from tests.unit.statistics.test_calibration import *  # noqa: F403
