"""Bradley-Terry, kappas and alpha, and BLEU from counts, against their references."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from sacrebleu.metrics.bleu import BLEU
from scipy import optimize
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.inter_rater import fleiss_kappa as fleiss

from tests.unit.statistics.fixtures import assert_agrees
from tests.unit.statistics.macros import CompilationError, render

FIXTURES = 1_000
PLAYERS = ["a", "b", "c", "d"]


def beaten(wins: np.ndarray) -> dict[str, list[object]]:
    """Tables of wins (fixture, i, j) as the columns that the macro reads."""
    columns: dict[str, list[object]] = {"fixture": list(range(len(wins)))}
    for i, one in enumerate(PLAYERS):
        for j, other in enumerate(PLAYERS):
            if i != j:
                columns[f"wins_{one}_{other}"] = wins[:, i, j].astype(float).tolist()
    return columns


def strengths(run, wins: np.ndarray) -> np.ndarray:
    sql = (
        f"select * from ({{{{ bradley_terry('games', ['fixture'], {PLAYERS}) }}}}) order by fixture"
    )
    got = run(sql, games=beaten(wins))
    return np.stack([got[f"strength_{player}"] for player in PLAYERS], axis=1)


def likeliest(wins: np.ndarray) -> np.ndarray:
    """Strengths by maximising the likelihood, geometric mean 1."""
    i, j = np.nonzero(wins)
    w = wins[i, j]

    def gradient(free: np.ndarray) -> np.ndarray:
        theta = np.r_[0, free]
        missed = w / (1 + np.exp(theta[i] - theta[j]))
        return (np.bincount(i, missed, 4) - np.bincount(j, missed, 4))[1:]

    theta = np.r_[0, optimize.root(gradient, np.zeros(3), tol=1e-13).x]
    return np.exp(theta - theta.mean())


def test_bradley_terry_gives_the_published_case(run) -> None:
    wins = np.zeros((1, 4, 4))
    for i, j, count in (
        (0, 1, 2),
        (0, 3, 1),
        (1, 0, 3),
        (1, 2, 5),
        (2, 1, 3),
        (2, 3, 1),
        (3, 0, 4),
        (3, 2, 3),
    ):
        wins[0, i, j] = count
    assert np.round(strengths(run, wins)[0], 4).tolist() == [0.6398, 1.0433, 0.6598, 2.2704]


def test_bradley_terry_maximises_the_likelihood(run) -> None:
    random = np.random.default_rng(4)
    wins = random.poisson(random.gamma(2, 4, (FIXTURES, 4, 4))) + 0.5 * (
        random.random((FIXTURES, 4, 4)) < 0.3
    )
    wins += 1.0  # every player meets every other, so that a likeliest strength exists
    wins[:, range(4), range(4)] = 0
    got = strengths(run, wins)
    for fixture in range(0, FIXTURES, 5):
        assert_agrees(got[fixture], likeliest(wins[fixture]), tolerance=1e-6)
    # where the likelihood is highest, every player wins as often as the model says
    share = got[:, :, None] / (got[:, :, None] + got[:, None, :])
    games = wins + wins.transpose(0, 2, 1)
    won = (games * share * ~np.eye(4, dtype=bool)).sum(axis=2)
    assert_agrees(won.ravel(), wins.sum(axis=2).ravel(), tolerance=1e-6)


def test_bradley_terry_is_null_where_a_player_never_wins(run) -> None:
    wins = np.ones((1, 4, 4))
    wins[0, 2] = 0
    assert np.isnan(strengths(run, wins)).all()


def test_two_players_have_a_closed_form(run) -> None:
    random = np.random.default_rng(5)
    n = random.integers(0, 40, (FIXTURES, 3))
    got = run(
        "select {{ bradley_terry_pair('w', 'l', 't') }} as p from r",
        r={"w": n[:, 0], "l": n[:, 1], "t": n[:, 2]},
    )
    w, lost = n[:, 0] + n[:, 2] / 2, n[:, 1] + n[:, 2] / 2
    has_both = (n[:, 0] > 0) & (n[:, 1] > 0)
    with np.errstate(invalid="ignore"):
        assert_agrees(got["p"], np.where(has_both, w / (w + lost), np.nan))


def test_cohen_gives_the_textbook_case(run) -> None:
    products = 25 * 30 + 25 * 20
    got = run(
        f"select {{{{ cohen_kappa('n', 'agreed', '{products}') }}}} as k from r",
        r={"n": [50], "agreed": [35]},
    )
    assert got["k"][0] == pytest.approx(0.4, abs=1e-12)


def test_cohen(run) -> None:
    random = np.random.default_rng(6)
    tables = [random.poisson(random.gamma(0.7, 6, (k, k))) for k in random.integers(2, 5, FIXTURES)]
    tables[0], tables[1] = np.zeros((2, 2), int), np.array([[7, 0], [0, 0]])
    tables[2] = np.array([[900_000_000, 31], [17, 800_000_000]])
    expected = []
    for table in tables:
        n = table.sum()
        chance = (table.sum(0) * table.sum(1)).sum()
        expected.append(
            np.nan if n == 0 or chance == n * n else cohens_kappa(table, return_results=False)
        )
    got = run(
        "select {{ cohen_kappa('n', 'agreed', 'products') }} as k from r",
        r={
            "n": [int(t.sum()) for t in tables],
            "agreed": [int(np.trace(t)) for t in tables],
            "products": [int((t.sum(0) * t.sum(1)).sum()) for t in tables],
        },
    )
    assert_agrees(got["k"], np.array(expected))


FLEISS = np.array(
    [
        *([0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1]),
        *([7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7]),
    ]
)


def ratings(tables: list[np.ndarray]) -> pa.Table:
    """Tables (items × categories) of counts as long rows; categories nobody chose left out."""
    rows = [
        (fixture, item, category, int(table[item, category]))
        for fixture, table in enumerate(tables)
        for item, category in zip(*np.nonzero(table), strict=True)
    ]
    names = ["fixture", "item", "category", "raters"]
    return pa.table({name: [int(row[at]) for row in rows] for at, name in enumerate(names)})


def test_fleiss(run) -> None:
    random = np.random.default_rng(7)
    tables = [FLEISS]
    for _ in range(FIXTURES - 1):
        items, categories, raters = (
            random.integers(1, 12),
            random.integers(2, 6),
            random.integers(2, 8),
        )
        tables.append(random.multinomial(raters, random.dirichlet(np.ones(categories)), items))
    got = run(
        "select * from ({{ fleiss_kappa('ratings', ['fixture']) }}) order by fixture",
        ratings=ratings(tables),
    )
    assert round(got["fleiss_kappa"][0], 4) == 0.2099
    expected = [fleiss(t) if (t.sum(0) > 0).sum() > 1 else np.nan for t in tables]
    assert_agrees(got["fleiss_kappa"], np.array(expected))


def test_fleiss_is_null_where_items_have_different_numbers_of_raters(run) -> None:
    got = run(
        "select * from ({{ fleiss_kappa('ratings', ['fixture']) }})",
        ratings=ratings([np.array([[2, 1], [2, 2]])]),
    )
    assert np.isnan(got["fleiss_kappa"]).all()


def alpha(values: list[list[float]], *, is_nominal: bool) -> float:
    """Krippendorff's alpha by all pairs of ratings."""
    units = [unit for unit in values if len(unit) > 1]
    flat = [value for unit in units for value in unit]
    if len(flat) < 2:
        return np.nan

    def distance(x: float, y: float) -> float:
        return float(x != y) if is_nominal else (x - y) ** 2

    observed = sum(
        distance(x, y) / (len(unit) - 1)
        for unit in units
        for p, x in enumerate(unit)
        for q, y in enumerate(unit)
        if p != q
    ) / len(flat)
    expected = sum(
        distance(x, y) for p, x in enumerate(flat) for q, y in enumerate(flat) if p != q
    ) / (len(flat) * (len(flat) - 1))
    return 1 - observed / expected if expected else np.nan


@pytest.mark.parametrize("level", ["nominal", "interval"])
def test_krippendorff(run, level) -> None:
    random = np.random.default_rng(8)
    fixtures = []
    for _ in range(FIXTURES):
        truth = random.integers(1, 5, random.integers(1, 7))
        fixtures.append(
            [
                [
                    float(v if random.random() < 0.6 else random.integers(1, 5))
                    for _ in range(random.integers(0, 5))
                ]
                for v in truth
            ]
        )
    rows = [
        (fixture, item, value)
        for fixture, units in enumerate(fixtures)
        for item, unit in enumerate(units)
        for value in unit
    ]
    table = pa.table(
        {
            "fixture": [r[0] for r in rows],
            "item": [r[1] for r in rows],
            "rating": [r[2] for r in rows],
        }
    )
    source = "(select fixture, item, rating as category, count(*) as raters from r group by fixture, item, rating)"
    relation = "r" if level == "interval" else source
    got = run(
        f"select * from ({{{{ krippendorff_alpha('{relation}', ['fixture'], '{level}') }}}}) order by fixture",
        r=table,
    )
    expected = {
        number: alpha(units, is_nominal=level == "nominal") for number, units in enumerate(fixtures)
    }
    at = got["fixture"].astype(int)
    assert_agrees(got["krippendorff_alpha"], np.array([expected[f] for f in at]))
    left_out = set(expected) - set(at.tolist())
    assert all(math.isnan(expected[f]) for f in left_out)


def test_krippendorff_refuses_another_level() -> None:
    with pytest.raises(CompilationError, match="'nominal' or 'interval', not 'ratio'"):
        render("{{ krippendorff_alpha('r', ['f'], 'ratio') }}")


def test_bleu_from_counts(run) -> None:
    random = np.random.default_rng(9)
    names = [*(f"correct_{n}" for n in range(1, 5)), *(f"total_{n}" for n in range(1, 5))]
    total = np.maximum(random.integers(0, 60, FIXTURES)[:, None] - np.arange(4), 0)
    correct = np.floor(total * random.random((FIXTURES, 1)) ** np.arange(1, 5)).astype(int)
    correct = np.minimum.accumulate(correct, axis=1)
    lengths = np.stack([total[:, 0], random.integers(1, 80, FIXTURES)], axis=1)
    counts = np.concatenate([correct, total], axis=1)
    columns = {name: counts[:, at] for at, name in enumerate(names)}
    got = run(
        "select {{ bleu_score() }} as bleu from r",
        r=columns | {"prediction_words": lengths[:, 0], "reference_words": lengths[:, 1]},
    )
    expected = [
        BLEU.compute_bleu(list(c), list(t), int(n), int(r), smooth_method="exp").score
        for c, t, (n, r) in zip(correct.tolist(), total.tolist(), lengths, strict=True)
    ]
    assert_agrees(got["bleu"], np.array(expected))
