"""The gate's tests against SciPy and statsmodels, and at the edges where t does not hold."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import integrate, stats
from statsmodels.stats.multitest import multipletests

from evallake.gate import deciding, planning
from evallake.gate.betting import log_capital, stakes
from evallake.gate.deciding import (
    betting_bounds,
    exact_evidence,
    holm,
    needs_exact,
    overall,
    t_evidence,
    verdicts,
)
from evallake.gate.samples import Clusters, moments_of
from tests.unit.statistics import reference


def counted(losses: float, gains: float, number: float) -> Clusters:
    return Clusters(
        np.array([-1.0, 1.0, 0.0]), np.ones(3), np.array([losses, gains, number - losses - gains])
    )


def test_moments_are_those_of_a_clustered_regression() -> None:
    random = np.random.default_rng(1)
    for _ in range(200):
        sizes = random.integers(1, 6, random.integers(2, 40))
        cluster = np.repeat(np.arange(len(sizes)), sizes)
        d = random.normal(random.normal(0, 1, len(sizes))[cluster], 0.5)
        fit = sm.OLS(d, np.ones(len(d))).fit(cov_type="cluster", cov_kwds={"groups": cluster})
        found = moments_of(np.bincount(cluster, d), sizes.astype(float))
        assert found.delta == pytest.approx(d.mean(), abs=1e-12)
        assert found.stderr == pytest.approx(fit.bse[0], rel=1e-9)
        assert (found.pairs, found.clusters) == (len(d), len(sizes))


def test_equal_clusters_may_be_counted_together() -> None:
    random = np.random.default_rng(2)
    totals = random.integers(-2, 3, 300).astype(float)
    values, counts = np.unique(totals, return_counts=True)
    one_by_one = moments_of(totals, np.ones(300))
    together = moments_of(values, np.ones(len(values)), counts.astype(float))
    for name in ("pairs", "clusters", "changed", "delta", "stderr", "third", "stride"):
        assert getattr(one_by_one, name) == pytest.approx(getattr(together, name), rel=1e-12)


def test_without_skewness_the_test_is_students() -> None:
    random = np.random.default_rng(3)
    half = random.normal(0.0, 0.2, (500, 15))
    d = np.concatenate([half, -half], axis=1) + random.normal(0, 0.1, (500, 1))
    found = t_evidence(moments_of(d, np.ones(30)), np.array(0.05))
    for row, p_drop, p_safe, lower in zip(d, found.p_drop, found.p_safe, found.lower, strict=True):
        assert p_drop == pytest.approx(stats.ttest_1samp(row, -0.05, alternative="less").pvalue)
        safe = stats.ttest_1samp(row, -0.05, alternative="greater").pvalue
        assert p_safe == pytest.approx(min(safe / 0.95, 1.0))
        interval = stats.t.interval(1 - 2 * 0.0475, 29, row.mean(), stats.sem(row))
        assert lower == pytest.approx(interval[0])


def test_plain_losses_get_the_score_interval() -> None:
    # k losses in n: the bound solves (k/n - x)^2 = z^2 * variance at x, to first order x/n
    for losses in (10, 25, 80):
        d = np.r_[-np.ones(losses), np.zeros(100_000 - losses)]
        found = t_evidence(moments_of(d, np.ones(100_000)), np.array(0.05))
        z = stats.norm.ppf(1 - 0.0475)
        expected = losses + z**2 / 2 + z * np.sqrt(losses + z**2 / 4)
        assert -float(found.lower) * 100_000 == pytest.approx(expected, rel=2e-3)


def test_the_bound_and_the_p_value_agree() -> None:
    random = np.random.default_rng(4)
    d = random.choice([-1.0, 0.0, 0.5, 1.0], (300, 40), p=[0.2, 0.5, 0.2, 0.1])
    moments = moments_of(d, np.ones(40))
    for tolerance in (0.02, 0.1, 0.2):
        found = t_evidence(moments, np.array(tolerance))
        assert np.array_equal(found.p_safe <= 0.05, found.lower >= -tolerance)
        assert np.array_equal(found.p_drop <= 0.05, found.upper <= -tolerance)


def test_zero_losses_pass_from_the_exact_number_on() -> None:
    # (1 - m)^n <= 4/5 of 5 %
    needed = int(np.ceil(np.log(0.04) / np.log(0.98)))
    assert exact_evidence(counted(0, 0, needed), 0.02, 1.0)[1] <= 0.05
    assert exact_evidence(counted(0, 0, needed - 1), 0.02, 1.0)[1] > 0.05
    assert planning.needed_pairs(0.02, 0.0, pairs=50, clusters=50, span=1.0) == needed


def test_a_clean_sweep_of_few_fails_and_one_of_fewer_does_not() -> None:
    assert exact_evidence(counted(8, 0, 8), 0.02, 1.0)[0] <= 0.05
    assert exact_evidence(counted(6, 0, 6), 0.02, 1.0)[0] > 0.05


def test_without_a_known_range_nothing_exact_is_said() -> None:
    assert exact_evidence(counted(9, 0, 9), 0.02, np.nan) == (1.0, 1.0)
    assert exact_evidence(counted(0, 0, 0), 0.02, 1.0) == (1.0, 1.0)


@pytest.mark.parametrize("number", [1, 2, 3, 8, 9])
def test_exact_tests_keep_their_level_for_every_mixture_of_few(number: int) -> None:
    """All outcomes of n clusters enumerated, at delta = -m, whatever share gains."""
    for tolerance in (0.05, 0.2, 0.5):
        for gains in (0.0, 0.1, 0.25):
            losses = gains + tolerance
            false_drop = false_safe = 0.0
            for a in range(number + 1):
                for b in range(number + 1 - a):
                    chance = stats.multinomial.pmf(
                        [a, b, number - a - b], number, [losses, gains, 1 - losses - gains]
                    )
                    p_drop, p_safe = exact_evidence(counted(a, b, number), tolerance, 1.0)
                    false_drop += chance * (p_drop <= 0.05)
                    false_safe += chance * (p_safe <= 0.05)
            assert false_drop <= 0.05
            assert false_safe <= 0.05


def test_capital_is_the_mixture_over_stakes() -> None:
    x = np.array([0.3, -0.2, 0.5, 0.1])
    even, _ = integrate.quad(lambda f: np.prod(1 + f * x / 0.8), 0, 1)
    powers = np.mean([np.prod(1 + 2 ** (-j / 2) * x / 0.8) for j in range(25)])
    found = np.exp(log_capital(x, np.ones(4), 0.8))
    assert found == pytest.approx(even / 2 + powers / 2, rel=1e-10)
    assert float(np.sum(stakes()[1])) == pytest.approx(1.0)


def test_capital_does_not_grow_on_average_where_there_is_no_effect() -> None:
    # exactly, over all outcomes of ten throws of a coin that loses 0.5 or wins 0.5
    total = 0.0
    for wins in range(11):
        clusters = np.array([0.5, -0.5]), np.array([wins, 10.0 - wins])
        total += stats.binom.pmf(wins, 10, 0.5) * np.exp(log_capital(*clusters, 0.7))
    assert total == pytest.approx(1.0, rel=1e-9)


def test_always_valid_bounds_enclose_delta_and_are_wider_than_t() -> None:
    random = np.random.default_rng(5)
    d = random.choice([-1.0, 0.0, 1.0], 2_000, p=[0.1, 0.75, 0.15])
    values, counts = np.unique(d, return_counts=True)
    lower, upper = betting_bounds(Clusters(values, np.ones(3), counts.astype(float)), 1.0)
    student = t_evidence(moments_of(d, np.ones(2_000)), np.array(0.02))
    assert lower < float(student.lower) < d.mean() < float(student.upper) < upper
    assert upper - lower < 3 * float(student.upper - student.lower)


def test_holm_is_statsmodels_and_leaves_out_what_was_not_tested() -> None:
    random = np.random.default_rng(6)
    for number in range(400):
        p = random.random(random.integers(1, 30)) ** random.choice([1, 4])
        # statsmodels takes a hundred times as long, and says the same
        wanted = multipletests(p, method="holm")[1] if number < 5 else reference.holm(p)
        assert np.allclose(holm(p), wanted, rtol=1e-12)
        with_gaps = np.r_[np.nan, p, np.nan]
        assert np.allclose(holm(with_gaps)[1:-1], wanted, rtol=1e-12)
        assert np.isnan(holm(with_gaps)[[0, -1]]).all()


def test_verdicts_and_the_verdict_over_all() -> None:
    found, adjusted = verdicts(
        np.array([0.001, 0.04, 0.9, np.nan, 0.5]), np.array([0.99, 0.9, 0.01, np.nan, 0.5])
    )
    assert found.tolist() == ["FAIL", "INCONCLUSIVE", "PASS", "INCONCLUSIVE", "INCONCLUSIVE"]
    assert adjusted[:2] == pytest.approx([0.004, 0.12])
    assert overall(["PASS", "FAIL"], [True, False]) == "FAIL"
    assert overall(["PASS", "INCONCLUSIVE"], [True, True]) == "INCONCLUSIVE"
    assert overall(["PASS", "INCONCLUSIVE"], [True, False]) == "PASS"


def test_few_clusters_no_spread_and_hardly_any_change_are_left_to_exact_tests() -> None:
    def exact(d: np.ndarray) -> bool:
        return bool(needs_exact(moments_of(d, np.ones(len(d)))))

    random = np.random.default_rng(7)
    assert exact(random.normal(size=9))
    assert not exact(random.normal(size=10))
    assert exact(np.zeros(500))
    assert exact(np.full(500, 0.1))
    assert exact(np.r_[-np.ones(9), np.zeros(500)])
    assert not exact(np.r_[-np.ones(10), np.zeros(500)])
    assert exact(np.array([]))
    assert exact(np.array([0.5]))


def test_detectable_effect_is_the_two_quantiles_where_there_are_many_clusters() -> None:
    z = stats.norm.ppf
    found = planning.detectable_stderrs(1_000_000, 0.0005)
    assert found == pytest.approx(z(0.9995) + z(0.8), rel=1e-4)
    # with few, the standard error that is printed is itself a guess
    assert planning.detectable_stderrs(9, 0.0005) > z(0.9995) + z(0.8) + 2


def test_needed_pairs_find_a_harmless_change_four_times_in_five() -> None:
    random = np.random.default_rng(8)
    needed = int(planning.needed_pairs(0.1, 0.05, pairs=100, clusters=100, span=1.0))
    d = random.normal(0, 0.5, (4_000, needed))
    found = t_evidence(moments_of(d, np.ones(needed)), np.array(0.1))
    assert np.mean(found.p_safe <= deciding.ALPHA) == pytest.approx(0.8, abs=0.025)
