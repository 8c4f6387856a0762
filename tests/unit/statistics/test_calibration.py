"""Calibration error and the Brier score against direct loops and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss

from tests.unit.statistics import reference
from tests.unit.statistics.fixtures import FIXTURES, assert_agrees, random_fixtures

BINNED = """
with scored as (
    select fixture, confidence, is_correct
    from rows
    where confidence is not null and is_correct is not null
),

blocks as (
    {{ tie_blocks('scored', ['fixture']) }}
),

mass_rows as (
    select *, {{ equal_mass_bin(BINS) }} as bin from blocks
),

mass_bins as (
    {{ ranking_parts('mass_rows', ['fixture', 'bin']) }}
),

width_bins as (
    select
        fixture,
        {{ equal_width_bin('confidence', BINS) }} as bin,
        count(*) as examples,
        count(*) filter (where is_correct) as correct,
        sum(confidence) as sum_confidence,
        sum(confidence * confidence) as sum_confidence_square,
        sum(case when is_correct then confidence else 0e0 end) as sum_confidence_correct
    from scored
    group by fixture, {{ equal_width_bin('confidence', BINS) }}
),

errors as (
    {{ calibration_error(KIND ~ '_bins', ['fixture']) }}
),

parts as (
    {{ brier_decomposition(KIND ~ '_bins', ['fixture']) }}
)

select *
from errors
inner join parts using (fixture)
order by fixture asc
"""


def _sql(kind: str, bins: int = 15) -> str:
    return f"{{% set KIND = '{kind}' %}}{{% set BINS = {bins} %}}" + BINNED


@pytest.fixture(scope="module")
def drawn():
    return random_fixtures()


@pytest.mark.parametrize("kind", ["width", "mass"])
def test_calibration_error_and_brier(run, drawn, kind) -> None:
    table, fixtures = drawn
    got = run(_sql(kind), rows=table)
    assert len(got["fixture"]) == FIXTURES
    binned = {"width": reference.equal_width, "mass": reference.equal_mass}[kind]
    expected: dict[str, list[float]] = {}
    for fixture in fixtures.values():
        p, y = fixture.confidence, fixture.is_correct.astype(float)
        bins = binned(p)
        for name, value in {
            **reference.calibration(bins, p, y),
            **reference.brier_parts(bins, p, y),
            "brier": brier_score_loss(y, p, labels=[0, 1]) if len(y) else np.nan,
        }.items():
            expected.setdefault(name, []).append(value)
    for name, values in expected.items():
        assert_agrees(got[name], np.array(values))
    assert_agrees(
        got["brier"],
        got["brier_reliability"]
        - got["brier_resolution"]
        + got["brier_uncertainty"]
        + got["brier_within_bin_variance"]
        - got["brier_within_bin_covariance"],
        tolerance=1e-13,
    )


def test_a_value_on_an_edge_opens_the_upper_bin(run) -> None:
    for bins in (3, 10, 15, 20, 49):
        edges = np.arange(bins + 1) / bins
        values = np.unique(np.r_[edges, np.nextafter(edges[1:], 0), np.nextafter(edges[:-1], 1)])
        got = run(
            f"select {{{{ equal_width_bin('c', {bins}) }}}} as bin from r order by c asc",
            r={"c": values},
        )
        by_edge = np.searchsorted(edges[:-1], values, side="right") - 1
        assert got["bin"].tolist() == by_edge.tolist()


def test_confidence_that_is_missing_has_no_bin(run) -> None:
    got = run("select {{ equal_width_bin('cast(null as double)') }} as bin")
    assert np.isnan(got["bin"]).all()


def test_equal_mass_without_ties_differs_by_one_at_most(run) -> None:
    p = np.random.default_rng(1).permutation(np.linspace(0.01, 0.99, 1_009))
    rows = {"fixture": np.zeros(1_009, int), "confidence": p, "is_correct": p > 0.5}
    sizes = run(
        "with blocks as ({{ tie_blocks('rows', ['fixture']) }}),"
        " binned as (select *, {{ equal_mass_bin(15) }} as bin from blocks)"
        " select bin, sum(examples) as size from binned group by bin order by bin asc",
        rows=rows,
    )["size"]
    assert len(sizes) == 15
    assert sizes.max() - sizes.min() <= 1


def test_the_documented_example_with_two_bins(run) -> None:
    rows = {
        "fixture": [0] * 5,
        "confidence": [0.25, 0.25, 0.55, 0.75, 0.75],
        "is_correct": [False, False, True, True, True],
    }
    got = run(_sql("width", bins=2), rows=rows)
    assert [round(got[name][0], 4) for name in ("ece", "rmsce", "mce")] == [0.29, 0.2918, 0.3167]


@pytest.mark.parametrize("kind", ["width", "mass"])
def test_an_even_example_has_the_same_error_by_any_binning(run, kind: str) -> None:
    rows = {
        "fixture": [0] * 4,
        "confidence": [0.25, 0.25, 0.75, 0.75],
        "is_correct": [False, False, True, True],
    }
    got = run(_sql(kind, bins=2), rows=rows)
    assert (got["ece"][0], got["mce"][0]) == (0.25, 0.25)


def test_the_documented_brier_score(run) -> None:
    rows = {
        "fixture": [0] * 4,
        "confidence": [0.1, 0.9, 0.8, 0.3],
        "is_correct": [False, True, True, False],
    }
    assert run(_sql("width"), rows=rows)["brier"][0] == pytest.approx(0.0375, abs=1e-15)
