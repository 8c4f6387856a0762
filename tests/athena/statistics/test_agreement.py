"""tests/unit/statistics/test_agreement.py, on Trino."""

from __future__ import annotations

from tests.unit.statistics.test_agreement import *  # noqa: F403
