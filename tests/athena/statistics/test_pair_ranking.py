"""tests/unit/statistics/test_pair_ranking.py, on Trino."""

from __future__ import annotations

from tests.unit.statistics.test_pair_ranking import *  # noqa: F403
