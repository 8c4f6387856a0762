"""Tests of paired answers, many comparisons and power against SciPy and statsmodels."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from tests.unit.statistics.fixtures import assert_agrees
from tests.unit.statistics.macros import CompilationError, render
from tests.unit.statistics.reference import holm

ROWS = 1_500

DISCORDANT = """
select
    {{ mcnemar_statistic('b', 'c') }} as statistic,
    {{ normal_p_value('sqrt(' ~ mcnemar_statistic('b', 'c') ~ ')') }} as p,
    {{ mcnemar_statistic('b', 'c', corrected=true) }} as corrected,
    {{ normal_p_value('sqrt(' ~ mcnemar_statistic('b', 'c', corrected=true) ~ ')') }} as corrected_p,
    {{ sign_test_p_value('b', 'c') }} as exact_p,
    {{ mcnemar_mid_p('b', 'c') }} as mid_p
from r
"""


@pytest.fixture(scope="module")
def discordant() -> tuple[np.ndarray, np.ndarray]:
    """How often only the one and only the other was right: none, few, equal, one-sided, millions."""
    random = np.random.default_rng(31)
    b = np.floor(10 ** random.uniform(0, 6.5, ROWS)).astype(int) - 1
    c = np.where(
        np.arange(ROWS) % 3 == 0,
        b,
        np.floor(b * random.uniform(0.5, 1.5, ROWS)).astype(int),
    )
    c[::11], b[5::11] = 0, 0
    b[:40], c[:40] = np.divmod(np.arange(40), 7)
    return b, c


def test_mcnemar_and_the_sign_test(run, discordant) -> None:
    b, c = discordant
    got = run(DISCORDANT, r={"b": b, "c": c})
    n, fewer = b + c, np.minimum(b, c)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.where(n > 0, (b - c) ** 2 / n, 0)
        corrected = np.where(b == c, 0, (np.abs(b - c) - 1.0) ** 2 / n)
    assert_agrees(got["statistic"], statistic)
    assert_agrees(got["p"], stats.chi2.sf(statistic, 1))
    assert_agrees(got["corrected"], corrected)
    assert_agrees(got["corrected_p"], stats.chi2.sf(corrected, 1))
    tail, point = stats.binom.cdf(fewer, n, 0.5), stats.binom.pmf(fewer, n, 0.5)
    assert_agrees(got["exact_p"], np.minimum(1, 2 * tail))
    assert_agrees(got["mid_p"], np.where(n > 0, np.where(b == c, 1, 2 * tail - point), 1))


def test_statsmodels_says_the_same_of_mcnemar(run, discordant) -> None:
    b, c = (side[(discordant[0] + discordant[1] > 0)][:200] for side in discordant)
    got = run(DISCORDANT, r={"b": b, "c": c})
    for row, (x, y) in enumerate(zip(b, c, strict=True)):
        table = [[10, x], [y, 10]]
        plain = mcnemar(table, exact=False, correction=False)
        assert got["statistic"][row] == pytest.approx(plain.statistic, rel=1e-12)
        assert got["p"][row] == pytest.approx(plain.pvalue, abs=1e-12)
        assert got["exact_p"][row] == pytest.approx(mcnemar(table).pvalue, abs=1e-9)
        if x != y:
            edwards = mcnemar(table, exact=False, correction=True)
            assert got["corrected_p"][row] == pytest.approx(edwards.pvalue, abs=1e-12)


def test_agrestis_table(run) -> None:
    got = run(DISCORDANT, r={"b": [86], "c": [150]})
    assert round(got["statistic"][0], 4) == 17.3559
    assert f"{got['p'][0]:.4e}" == "3.0993e-05"
    assert round(got["corrected"][0], 4) == 16.8178
    assert f"{got['corrected_p'][0]:.4e}" == "4.1146e-05"
    assert f"{got['exact_p'][0]:.6e}" == "3.715936e-05"


def test_nothing_but_ties_is_no_evidence(run) -> None:
    got = run(DISCORDANT, r={"b": [0], "c": [0]})
    assert {name: column[0] for name, column in got.items()} == {
        **dict.fromkeys(("statistic", "corrected"), 0),
        **dict.fromkeys(("p", "corrected_p", "exact_p", "mid_p"), 1),
    }


def test_mid_p_is_cut_after_the_point_is_subtracted(run) -> None:
    got = run(DISCORDANT, r={"b": [4], "c": [4]})
    # the doubled tail is 1.27; cutting it first would give 0.73
    assert (got["exact_p"][0], got["mid_p"][0]) == (1, 1)


def test_students_t(run) -> None:
    random = np.random.default_rng(32)
    df = np.r_[np.arange(1, 300), np.logspace(2.5, 7, ROWS - 299).astype(int)]
    t = random.standard_t(3, ROWS) * random.choice([0.01, 1, 10], ROWS)
    t[::50] = 0
    got = run("select {{ t_p_value('t', 'df') }} as p from r", r={"t": t, "df": df})
    expected = 2 * stats.t.sf(np.abs(t), df)
    assert_agrees(got["p"], expected)
    small = expected > 1e-200
    assert np.allclose(got["p"][small], expected[small], rtol=1e-7)
    none = run("select {{ t_p_value('t', 'df') }} as p from r", r={"t": [1.0], "df": [0]})
    assert np.isnan(none["p"][0])


def test_normal_tails(run) -> None:
    z = np.r_[0, np.random.default_rng(33).normal(0, 4, ROWS), 36.5, 50, -1e6]
    got = run("select {{ normal_p_value('z') }} as p from r", r={"z": z})
    assert_agrees(got["p"], 2 * stats.norm.sf(np.abs(z)), tolerance=1e-15)


ADJUSTED = "select * from ({{ adjusted_p_values('r', ['family']) }}) as a order by position asc"


def test_many_comparisons(run) -> None:
    random = np.random.default_rng(34)
    sizes = np.r_[np.arange(0, 40), random.integers(1, 60, 960)]
    family = np.repeat(np.arange(len(sizes)), sizes)
    p = random.random(len(family)) ** random.choice([1, 3, 9], len(family))
    p = np.where(random.random(len(p)) < 0.3, np.round(p, 2), p)  # ties, zeros, ones
    missing = random.random(len(p)) < 0.1
    order = random.permutation(len(p))
    got = run(
        ADJUSTED,
        r={
            "family": family[order],
            "position": order,
            "p_value": np.where(missing, None, p)[order].tolist(),
        },
    )
    expected = {name: np.full(len(p), np.nan) for name in ("fdr_bh", "holm")}
    for number in range(len(sizes)):
        tested = (family == number) & ~missing
        assert (got["family_tests"][family == number] == tested.sum()).all()
        if tested.any():
            expected["fdr_bh"][tested] = multipletests(p[tested], method="fdr_bh")[1]
            expected["holm"][tested] = holm(p[tested])
    assert_agrees(got["q_value"], expected["fdr_bh"], tolerance=1e-12)
    assert_agrees(got["holm_p_value"], expected["holm"], tolerance=1e-12)


def test_holm_is_statsmodels_holm() -> None:
    random = np.random.default_rng(36)
    for size in (1, 2, 5, 30):
        p = np.round(random.random(size) ** 3, 2)
        assert np.allclose(holm(p), multipletests(p, method="holm")[1], rtol=0, atol=1e-15)


def test_benjamini_and_hochbergs_example(run) -> None:
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344]
    p += [0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    got = run(ADJUSTED, r={"family": [1] * 15, "position": range(15), "p_value": p})
    assert (got["q_value"] <= 0.05).sum() == 4
    assert (got["holm_p_value"] <= 0.05).sum() == 3
    assert round(got["q_value"][3], 4) == 0.0356


def test_millers_pairs_and_effects(run) -> None:
    sql = """
    select
        {{ needed_pairs('(1e0 / 9e0)', '0.03e0') }} as needed,
        100e0 * {{ detectable_effect('sqrt((1e0 / 9e0 + 2e0 / 6e0) / 198e0)') }} as one_answer,
        100e0 * {{ detectable_effect('sqrt((1e0 / 9e0 + 2e0 / 60e0) / 198e0)') }} as ten_answers
    """
    got = run(sql)
    assert round(got["needed"][0], 3) == 968.997
    assert round(got["one_answer"][0], 2) == 13.27
    assert round(got["ten_answers"][0], 2) == 7.57


def test_millers_comparison_on_math(run) -> None:
    """65.5 and 63.0 % of 5 000 questions, correlation 0.5: +2.5 %, printed as (1.2, 3.8) %."""
    both, only_galleon, only_dreadnought = 2637, 638, 513
    galleon = np.repeat([1.0, 1.0, 0.0, 0.0], [both, only_galleon, only_dreadnought, 1212])
    dreadnought = np.repeat([1.0, 0.0, 1.0, 0.0], [both, only_galleon, only_dreadnought, 1212])
    assert np.corrcoef(galleon, dreadnought)[0, 1] == pytest.approx(0.5, abs=2e-4)
    sql = """
    with summed as (
        select
            count(*) as n,
            sum(d) as total,
            sum(d * d) as squares
        from r
    ),

    measured as (
        select
            n,
            total / cast(n as double) as delta,
            {{ clustered_stderr('n', 'total', 'n', 'squares', 'total', 'n') }} as stderr
        from summed
    )

    select
        delta,
        stderr,
        100e0 * (delta - {{ t_quantile(0.95, '(n - 1)') }} * stderr) as lower_end,
        100e0 * (delta + {{ t_quantile(0.95, '(n - 1)') }} * stderr) as upper_end,
        -- from the errors of both means as printed, to four digits
        sqrt(0.0067e0 * 0.0067e0 + 0.0068e0 * 0.0068e0 - 0.0067e0 * 0.0068e0) as printed_stderr,
        100e0 * (delta - {{ normal_quantile(0.95) }} * 0.0067e0) as printed_lower,
        100e0 * (delta + {{ normal_quantile(0.95) }} * 0.0067e0) as printed_upper
    from measured
    """
    got = {name: column[0] for name, column in run(sql, r={"d": galleon - dreadnought}).items()}
    assert got["delta"] == pytest.approx(0.025, abs=1e-15)
    assert got["stderr"] == pytest.approx((galleon - dreadnought).std(ddof=1) / 5000**0.5, rel=1e-9)
    assert (round(got["lower_end"], 1), round(got["upper_end"], 1)) == (1.2, 3.8)
    assert round(got["printed_stderr"], 5) == 0.00675
    assert (round(got["printed_lower"], 2), round(got["printed_upper"], 2)) == (1.19, 3.81)


def test_power_of_a_thousand_comparisons(run) -> None:
    random = np.random.default_rng(37)
    df = np.r_[1, 2, 3, 200, 201, np.floor(10 ** random.uniform(0, 6.5, ROWS - 5))].astype(int)
    stderr, tolerance = 10 ** random.uniform(-6, 2, ROWS), 10 ** random.uniform(-4, 0, ROWS)
    got = run(
        """
        select
            {{ needed_pairs('(stderr * stderr)', 'tolerance') }} as needed,
            {{ detectable_effect('stderr') }} as effect,
            {{ detectable_effect('stderr', 'df') }} as effect_by_t
        from r
        """,
        r={"df": df, "stderr": stderr, "tolerance": tolerance},
    )
    quantiles = stats.norm.ppf(0.975) + stats.norm.ppf(0.8)
    assert_agrees(got["needed"], (quantiles * stderr / tolerance) ** 2)
    assert_agrees(got["effect"], quantiles * stderr)
    assert_agrees(got["effect_by_t"], (stats.t.ppf(0.975, df) + stats.t.ppf(0.8, df)) * stderr)


@pytest.mark.parametrize(("answers", "gain"), [(2, 1 / 3), (4, 1 / 2), (6, 5 / 9), (10**9, 2 / 3)])
def test_pairs_saved_by_answering_several_times(run, answers, gain) -> None:
    sql = (
        "select {{ needed_pairs('(1e0 / 12e0 + 1e0 / 6e0)', '0.1e0') }} as once,"
        f" {{{{ needed_pairs('(1e0 / 12e0 + 1e0 / 6e0 / {answers}e0)', '0.1e0') }}}} as often"
    )
    got = run(sql)
    assert 1 - got["often"][0] / got["once"][0] == pytest.approx(gain, abs=1e-9)


@pytest.mark.parametrize("power", [0.8, 0.9, 0.95])
def test_a_true_difference_of_the_detectable_size_is_found_that_often(run, power) -> None:
    got = run(
        f"select {{{{ detectable_effect('1e0', 'df', power={power}) }}}} as effect from r",
        r={"df": [9, 19, 199]},
    )
    for df, effect in zip((9, 19, 199), got["effect"], strict=True):
        shifted = stats.nct(df, effect)
        cut = stats.t.ppf(0.975, df)
        assert shifted.sf(cut) + shifted.cdf(-cut) == pytest.approx(power, abs=0.02)


def test_no_spread_and_no_tolerance_give_no_number(run) -> None:
    got = run("select {{ detectable_effect('0e0') }} as e, {{ needed_pairs('1e0', '0e0') }} as n")
    assert np.isnan(got["e"][0])
    assert np.isnan(got["n"][0])


def test_an_unknown_power_is_refused_with_the_known_ones() -> None:
    with pytest.raises(CompilationError, match=r"0\.85; use one of 0\.8, 0\.9, 0\.95"):
        render("{{ power_quantile(0.85) }}")


def test_poisson_weights_follow_the_distribution_to_the_last_draw(run) -> None:
    draws = np.arange(65_536)
    texts = [f"{draw:04x}" for draw in draws]
    got = run("select {{ poisson_weight('draw') }} as w from r", r={"draw": texts})
    edges = np.floor(65_536 * stats.poisson.cdf(np.arange(8), 1))
    assert got["w"].tolist() == np.searchsorted(edges, draws, side="right").tolist()
    assert got["w"].mean() == pytest.approx(1, abs=1e-3)
    assert got["w"].var() == pytest.approx(1, abs=2e-3)


def test_hexadecimal_digits_are_read_as_numbers(run) -> None:
    texts = [hashlib.md5(str(number).encode()).hexdigest() for number in range(500)]
    got = run(
        "select {{ hex_number('h', 1, 3) }} as a, {{ hex_number('h', 5, 15) }} as b from r",
        r={"h": texts},
    )
    assert got["a"].tolist() == [int(text[:3], 16) for text in texts]
    assert got["b"].tolist() == [float(int(text[4:19], 16)) for text in texts]


@pytest.mark.parametrize("share", [0, 0.025, 0.5, 0.95, 1])
def test_exact_quantiles(run, share) -> None:
    random = np.random.default_rng(35)
    sizes = [1, 2, 3, 40, 999, 1000]
    groups = np.repeat(np.arange(len(sizes)), sizes)
    values = np.round(random.normal(size=len(groups)), 2)
    sql = f"""
        select g, {{{{ quantile_of_ranked('v', 'place', 'n', {share}) }}}} as q
        from (
            select
                *,
                row_number() over (partition by g order by v asc nulls last) as place,
                count(*) over (partition by g) as n
            from r
        ) as ranked
        group by g
        order by g asc nulls last
    """
    got = run(sql, r={"g": groups, "v": values})
    expected = [np.quantile(values[groups == g], share) for g in range(len(sizes))]
    assert_agrees(got["q"], np.array(expected), tolerance=1e-12)
