"""A short version of `benchmarks.simulate_gate`: the gate's rates of error, and what it sees."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.simulate_gate import METRICS, SLICES, TOLERANCES, power, repeated_looks, watch

PAIRS = 150
BAR = 0.05 + 3 * np.sqrt(0.05 * 0.95 / PAIRS)
"""Three standard errors of the simulation: a sound gate misses it once in a thousand runs."""


@pytest.mark.parametrize("clusters", [10, 20, 200])
def test_false_alarms_and_false_passes_keep_to_five_percent(clusters: int) -> None:
    random = np.random.default_rng(clusters)
    sound = np.ones((len(METRICS), SLICES), bool)
    edge = -TOLERANCES[:, None] * np.ones((1, SLICES))
    for deltas in (np.zeros_like(edge), edge):
        rates = watch(random, PAIRS, clusters=clusters, deltas=deltas, sound=sound)
        assert rates["false_fail"] <= BAR
    for name in METRICS:  # the last one, at delta = -m; 3 000 rules each, alike within a pair
        assert rates[f"pass:{name}"] <= 0.065, name


def test_truly_bad_rules_do_not_drag_sound_ones_along() -> None:
    bad = np.zeros((len(METRICS), SLICES), bool)
    bad[:, :2] = True
    edge = -TOLERANCES[:, None] * np.ones((1, SLICES))
    rates = watch(
        np.random.default_rng(9),
        PAIRS,
        clusters=200,
        deltas=np.where(bad, edge - 0.15, edge),
        sound=~bad,
    )
    assert rates["false_fail"] <= BAR
    assert rates["found_bad"] > 0.5


@pytest.mark.parametrize("clusters", [10, 20, 200])
def test_the_drop_that_is_printed_as_detectable_is_found(clusters: int) -> None:
    found = power(np.random.default_rng(clusters), 400, clusters=clusters)
    for name, rate in found.items():
        assert rate >= 0.7, name  # 400 rules in 20 pairs; the benchmark holds it to 0.8


def test_looking_fifty_times_is_paid_for() -> None:
    bets = repeated_looks(np.random.default_rng(1), 100, bet=True)
    assert max(bets.values()) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 100)
    assert max(repeated_looks(np.random.default_rng(1), 100, bet=False).values()) > 0.15
