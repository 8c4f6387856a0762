"""tests/unit/statistics/test_clusters.py, on Trino."""

from __future__ import annotations

from tests.unit.statistics.test_clusters import *  # noqa: F403
