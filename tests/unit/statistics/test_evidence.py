"""Small intervals, conformal quantiles and e-values against SciPy, NumPy and published numbers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from tests.unit.statistics.fixtures import assert_agrees


def test_log_gamma(run) -> None:
    random = np.random.default_rng(51)
    x = np.r_[np.arange(1, 40), 10 ** random.uniform(-3, 9, 1_500), 0.5, 15.999999, 16.0]
    got = run("select {{ log_gamma('x') }} as y from r", r={"x": x})
    assert_agrees(got["y"], special.gammaln(x), tolerance=1e-13)


@pytest.mark.parametrize(
    ("b", "c", "printed"), [(86, 150, 512.97), (10, 2, 4.774), (6, 0, 9.143), (5, 0, 5.333)]
)
def test_published_e_values(run, b: int, c: int, printed: float) -> None:
    got = run("select {{ discordant_e_value('b', 'c') }} as e from r", r={"b": [b], "c": [c]})
    assert round(got["e"][0], 2 if printed > 100 else 3) == printed


def test_e_values_at_random_and_at_the_edges(run) -> None:
    random = np.random.default_rng(52)
    b = np.r_[0, 0, 1, random.integers(0, 400, 1_000), 0, 5_000, 200_000]
    c = np.r_[0, 1, 0, random.integers(0, 400, 1_000), 5_000, 0, 200_000]
    got = run("select {{ discordant_e_value('b', 'c') }} as e from r", r={"b": b, "c": c})
    log_e = (b + c) * np.log(2) + special.betaln(b + 1.0, c + 1.0)
    assert_agrees(got["e"], np.exp(np.clip(log_e, np.log(1e-300), np.log(1e300))))


def test_an_e_value_is_one_on_average_where_nothing_differs(run) -> None:
    b = np.arange(31)
    got = run("select {{ discordant_e_value('b', '30 - b') }} as e from r", r={"b": b})
    assert np.sum(got["e"] * stats.binom.pmf(b, 30, 0.5)) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("k", "lower", "upper"),
    [(20, 0.838902, 0.998795), (12, 0.384354, 0.781803), (0, 0.001205, 0.161098)],
)
def test_published_intervals_of_few_trials(run, k: int, lower: float, upper: float) -> None:
    got = run(
        "select {{ beta_interval_bound('k', '20', 'lower') }} as l,"
        " {{ beta_interval_bound('k', '20', 'upper') }} as u from r",
        r={"k": [k]},
    )
    assert (round(got["l"][0], 6), round(got["u"][0], 6)) == (lower, upper)


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_beta_intervals(run, level: float) -> None:
    random = np.random.default_rng(53)
    n = np.r_[0, 1, 1, 2, random.integers(0, 100_000, 1_000)]
    k = np.r_[0, 0, 1, 2, (random.random(1_000) * (n[4:] + 1)).astype(int)]
    got = run(
        f"select {{{{ beta_interval_bound('k', 'n', 'lower', {level}) }}}} as l,"
        f" {{{{ beta_interval_bound('k', 'n', 'upper', {level}) }}}} as u from r",
        r={"k": k, "n": n},
    )
    lower, upper = stats.beta.interval(level, 1 + k, 1 + n - k)
    assert_agrees(got["l"], lower)
    assert_agrees(got["u"], upper)


def _conformal(run, alpha: float, fixture: np.ndarray, score: np.ndarray) -> dict[str, np.ndarray]:
    return run(
        f"select * from ({{{{ conformal_quantile('rows', ['fixture'], 'score', {alpha}) }}}})"
        " order by fixture",
        rows={"fixture": fixture, "score": score},
    )


@pytest.mark.parametrize("alpha", [0.05, 0.1, 0.3])
def test_conformal_quantiles(run, alpha: float) -> None:
    random = np.random.default_rng(54)
    sizes = np.r_[1, 2, 9, 10, 19, 20, random.integers(1, 120, 1_000)]
    fixture = np.repeat(np.arange(len(sizes)), sizes)
    score = np.round(random.random(len(fixture)), 2)  # with ties
    got = _conformal(run, alpha, fixture, score)
    for number, size in enumerate(sizes):
        rank = int(np.ceil((size + 1) * (1 - alpha) - 1e-9))
        own = np.sort(score[fixture == number])
        expected = own[rank - 1] if rank <= size else np.nan
        assert got["conformal_quantile"][number] == pytest.approx(expected, nan_ok=True)
        assert got["scores"][number] == size


def test_conformal_quantiles_cover_as_often_as_they_say(run) -> None:
    random = np.random.default_rng(55)
    splits, size, alpha = 1_000, 50, 0.1
    fixture = np.repeat(np.arange(splits), size)
    got = _conformal(run, alpha, fixture, random.exponential(size=len(fixture)))
    coverage = stats.expon.cdf(got["conformal_quantile"])
    error = 3 * coverage.std() / np.sqrt(splits)
    assert 1 - alpha - error <= coverage.mean() <= 1 - alpha + 1 / (size + 1) + error
