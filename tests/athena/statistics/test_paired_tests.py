"""tests/unit/statistics/test_paired_tests.py, on Trino."""

from __future__ import annotations

from tests.unit.statistics.test_paired_tests import *  # noqa: F403
