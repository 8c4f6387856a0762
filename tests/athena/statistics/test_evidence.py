"""tests/unit/statistics/test_evidence.py, on Trino."""

from __future__ import annotations

from tests.unit.statistics.test_evidence import *  # noqa: F403
