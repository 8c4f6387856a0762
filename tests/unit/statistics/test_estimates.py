"""The marts of estimates against slow and obvious numbers, over jobs with every difficulty."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import combinations

import duckdb
import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score
from statsmodels.stats.proportion import proportion_confint

from evallake.engines.duckdb import prepare
from tests.unit.statistics import reference
from tests.unit.statistics.estimates import build, rows_of

JOBS = ("plain", "repeats", "unsure", "silent", "tiny", "judge")
SIZES = {"plain": 700, "repeats": 600, "unsure": 150, "silent": 90, "tiny": 1, "judge": 0}


def _example(job: str, number: int, random: np.random.Generator) -> dict[str, object]:
    confidence = round(float(random.random()), 2 if job == "plain" else 9)
    key = number // 4 if job == "repeats" else number
    chance = 0.3 + 0.6 * confidence
    if job == "repeats":
        chance = 0.9 if key % 3 else 0.1
    verdict = bool(random.random() < chance)
    return {
        "job_id": job,
        "example_id": f"{key:04d}-{number % 4}",
        "cluster_id": f"{key:04d}",
        "is_correct": None if job == "unsure" and number % 3 == 0 else verdict,
        "confidence": None
        if job == "silent" or (job in ("unsure", "repeats") and number % 7 == 0)
        else confidence,
        "quality_score": None if number % 5 == 0 else confidence / 2,
        "is_quality_pass": None if number % 5 == 0 else confidence / 2 >= 0.3,
        "is_schema_valid": None if number % 11 == 0 else number % 4 > 0,
    }


def _slices(example: dict[str, object], number: int) -> list[tuple[str, str, bool]]:
    found = [
        ("domain", f"d{number % 5}", False),
        ("level", ("easy", "hard")[number % 2], False),
        ("customer", f"c{number % 70}", False),  # more values than are shown
        ("all", ("x", "all")[number % 2], False),  # named like the whole job
        ("valid", str(example["is_schema_valid"]), True),
    ]
    if number % 3 == 0:  # several values of one key, two of them rare
        found += [("customer", f"c{(number + 1) % 70}", False), ("domain", "extra", False)]
    return found


@pytest.fixture(scope="module")
def facts() -> tuple[list[dict[str, object]], dict[tuple[str, str], list[tuple[str, str, bool]]]]:
    random = np.random.default_rng(23)
    examples, slices = [], {}
    for job in JOBS:
        for number in range(SIZES[job]):
            example = _example(job, number, random)
            examples.append(example)
            slices[job, str(example["example_id"])] = _slices(example, number)
    return examples, slices


@pytest.fixture(scope="module")
def marts(facts):
    examples, slices = facts
    rows = [
        {
            "job_id": job,
            "example_id": example_id,
            "slice_key": key,
            "slice_value": value,
            "is_outcome_slice": outcome,
        }
        for (job, example_id), found in slices.items()
        for key, value, outcome in found
    ]
    with duckdb.connect() as connection:
        prepare(connection)
        build(connection, examples, rows, list(JOBS))
        yield connection


def _shown(facts) -> dict[tuple[str, ...], list[dict[str, object]]]:
    """Examples of every (job, key, value) that should be shown, rare values folded."""
    examples, slices = facts
    by_id = {(row["job_id"], row["example_id"]): row for row in examples}
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for (job, _), found in slices.items():
        for key, value, _ in found:
            counts[job, key][value] += 1
    kept = {
        job_key: {value for value, _ in sorted(count.items(), key=lambda v: (-v[1], v[0]))[:50]}
        for job_key, count in counts.items()
    }
    members: dict[tuple[str, ...], dict[str, dict[str, object]]] = defaultdict(dict)
    for (job, example_id), found in slices.items():
        own = {
            (
                "metadata.all" if key == "all" else key,
                value if value in kept[job, key] else "(other)",
            )
            for key, value, _ in found
        }
        for single in own:
            members[job, *single][example_id] = by_id[job, example_id]
        for first, second in combinations(sorted(own), 2):
            if first[0] != second[0]:
                members[job, *first, *second][example_id] = by_id[job, example_id]
    return {key: list(rows.values()) for key, rows in members.items()}


def _worth(rows: list[dict[str, object]]) -> tuple[float, float, float, int]:
    """Clustered standard error, design effect, effective n and clusters, from scratch."""
    scored = [row for row in rows if row["is_correct"] is not None]
    y = np.array([row["is_correct"] for row in scored], float)
    n = len(y)
    groups: dict[object, list[float]] = defaultdict(list)
    for row, value in zip(scored, y, strict=True):
        groups[row["cluster_id"]].append(value - y.mean())
    c = len(groups)
    if c < 2:
        return np.nan, np.nan, n if c == n else c, c
    error = np.sqrt(c / (c - 1) * sum(sum(g) ** 2 for g in groups.values())) / n
    if np.ptp(y) == 0:
        return error, np.nan, n if c == n else c, c
    effect = error**2 / (y.var(ddof=1) / n)
    worth = n if c == n else c if c < 10 or effect < 1e-12 else n / max(effect, 1)
    return error, effect, worth, c


def _close(actual: object, expected: float | None) -> None:
    if expected is None or np.isnan(expected):
        assert actual is None
    else:
        assert isinstance(actual, float)
        assert abs(actual - expected) <= 1e-9 * max(1, abs(expected))


def _wilson(row: dict[str, object], name: str, hits: int, n: int, share: float) -> None:
    if n == 0:
        assert row[name] is row[f"{name}_lower"] is row[f"{name}_upper"] is None
        return
    rate, worth = hits / n, n * share
    lower, upper = proportion_confint(rate * worth, worth, method="wilson")
    _close(row[name], rate)
    _close(row[f"{name}_lower"], max(lower, 0))
    _close(row[f"{name}_upper"], min(upper, 1))


def _mean(row: dict[str, object], name: str, values: np.ndarray, share: float) -> None:
    n = len(values)
    _close(row[name], values.mean() if n else None)
    if n < 2 or n * share - 1 < 1:
        assert row[f"{name}_lower"] is row[f"{name}_upper"] is None
        return
    half = stats.t.ppf(0.975, n * share - 1) * values.std(ddof=1) / np.sqrt(n * share)
    _close(row[f"{name}_lower"], values.mean() - half)
    _close(row[f"{name}_upper"], values.mean() + half)


def _check_counts(row: dict[str, object], rows: list[dict[str, object]]) -> float:
    """Everything that mart_job_summary and mart_slice_metrics share; the worth of a row."""
    scored = [r for r in rows if r["is_correct"] is not None]
    confident = [r for r in rows if r["confidence"] is not None]
    both = [r for r in scored if r["confidence"] is not None]
    error, effect, worth, clusters = _worth(rows)
    share = worth / len(scored) if scored else 1.0
    assert row["examples"] == len(rows)
    assert row["scored_examples"] == len(scored)
    assert row["clusters"] == clusters
    assert row["confident_examples"] == len(confident)
    assert row["calibrated_examples"] == len(both)
    _close(row["accuracy_stderr"], error)
    _close(row["design_effect"], effect)
    _wilson(row, "accuracy", sum(bool(r["is_correct"]) for r in scored), len(scored), share)
    low = sum(r["confidence"] < 0.7 for r in confident)
    _wilson(row, "low_confidence_rate", low, len(confident), share)
    over = sum(not r["is_correct"] and r["confidence"] >= 0.7 for r in both)
    _wilson(row, "overconfident_rate", over, len(both), share)
    quality = [r["is_quality_pass"] for r in rows if r["is_quality_pass"] is not None]
    _wilson(row, "quality_pass_rate", sum(quality), len(quality), share)
    schema = [r["is_schema_valid"] for r in rows if r["is_schema_valid"] is not None]
    _wilson(row, "schema_adherence", sum(schema), len(schema), share)
    _mean(row, "mean_confidence", np.array([r["confidence"] for r in confident]), share)
    gaps = np.array([r["confidence"] - r["is_correct"] for r in both])
    _mean(row, "calibration_gap", gaps, share)
    return share


def _check_calibration(row: dict[str, object], rows: list[dict[str, object]], share: float) -> None:
    """Calibration and ranking columns of a single slice or a whole job."""
    both = [r for r in rows if r["confidence"] is not None and r["is_correct"] is not None]
    p = np.array([r["confidence"] for r in both], float)
    y = np.array([r["is_correct"] for r in both], float)
    _mean(row, "brier", (p - y) ** 2, share)
    if not len(p):
        assert all(row[name] is None for name in ("ece_equal_width", "auroc", "aurc"))
        return
    width = reference.calibration(reference.equal_width(p), p, y)
    _close(row["ece_equal_width"], width["ece"])
    _close(row["ece_baseline"], width["ece_baseline"])
    _close(row["ece_debiased"], width["ece_debiased"])
    assert row["ece_equal_width_lower"] <= row["ece_equal_width"] <= row["ece_equal_width_upper"]
    mass = reference.calibration(reference.equal_mass(p), p, y)
    _close(row["ece_equal_mass"], mass["ece"])
    area, error = reference.delong(p, y)
    _close(row["auroc"], roc_auc_score(y, p) if 0 < y.sum() < len(y) else None)
    half = 1.959963984540054 * error / np.sqrt(share)
    _close(row["auroc_lower"], max(area - half, 0) if half > 0 else None)
    _close(row["auroc_upper"], min(area + half, 1) if half > 0 else None)
    risk = reference.risk_coverage(p, y)
    _close(row["aurc"], risk["aurc"])
    _close(row["e_aurc"], risk["e_aurc"])


def test_slices_and_pairs(marts, facts) -> None:
    expected = _shown(facts)
    rows = rows_of(marts, "select * from mart_slice_metrics")
    names = ("job_id", "slice_key", "slice_value", "slice_key_2", "slice_value_2")
    found = {tuple(row[name] for name in names if row[name] is not None): row for row in rows}
    assert found.keys() == expected.keys()
    for key, members in expected.items():
        row = found[key]
        share = _check_counts(row, members)
        assert row["is_pair"] == (len(key) == 5)
        assert row["is_outcome_slice"] == ("valid" in (*key[1:2], *key[3:4]))
        assert row["is_capped"] == ("customer" in (*key[1:2], *key[3:4]) and SIZES[key[0]] >= 70)
        if row["is_pair"]:
            assert row["auroc"] is row["ece_equal_width"] is row["brier"] is None
        else:
            _check_calibration(row, members, share)


def test_whole_jobs(marts, facts) -> None:
    examples, _ = facts
    rows = {row["job_id"]: row for row in rows_of(marts, "select * from mart_job_summary")}
    assert set(rows) == set(JOBS)
    for job in JOBS:
        members = [row for row in examples if row["job_id"] == job]
        row = rows[job]
        if not members:
            assert row["examples"] == row["clusters"] == 0
            assert row["accuracy"] is row["accuracy_lower"] is row["auroc"] is None
            continue
        share = _check_counts(row, members)
        _check_calibration(row, members, share)
        both = [r for r in members if r["confidence"] is not None and r["is_correct"] is not None]
        if both:
            parts = ("reliability", "uncertainty", "within_bin_variance")
            less = ("resolution", "within_bin_covariance")
            total = sum(row[f"brier_{name}"] for name in parts)
            total -= sum(row[f"brier_{name}"] for name in less)
            _close(row["brier"], total)
        scores = np.array([r["quality_score"] for r in members if r["quality_score"] is not None])
        _mean(row, "mean_quality_score", scores, share)
        assert row["logprobs_absent_examples"] == sum(r["confidence"] is None for r in members)
        error, _, _, clusters = _worth(members)
        if clusters >= 10:
            half = stats.t.ppf(0.975, clusters - 1) * error
            _close(row["accuracy_t_lower"], row["accuracy"] - half)
            _close(row["accuracy_t_upper"], row["accuracy"] + half)
        else:
            assert row["accuracy_t_lower"] is None
    assert rows["repeats"]["design_effect"] > 1.5  # the case is worth having


def test_bins_add_up_to_the_job(marts, facts) -> None:
    examples, _ = facts
    for job in JOBS:
        both = [
            r
            for r in examples
            if r["job_id"] == job and r["confidence"] is not None and r["is_correct"] is not None
        ]
        p = np.array([r["confidence"] for r in both], float)
        for binning, binned in (
            ("equal_width", reference.equal_width),
            ("equal_mass", reference.equal_mass),
        ):
            rows = rows_of(
                marts,
                "select * from mart_calibration_bins where slice_key = 'all' and"
                f" slice_value = 'all' and job_id = '{job}' and binning = '{binning}'",
            )
            sizes = Counter(binned(p).tolist()) if len(p) else Counter()
            assert {row["bin"]: row["examples"] for row in rows} == dict(sizes)
            for row in rows:
                inside = p[binned(p) == row["bin"]]
                _close(row["mean_confidence"], inside.mean())
                assert row["bin_lower"] <= inside.min()
                assert inside.max() <= row["bin_upper"]


def test_thresholds(marts, facts) -> None:
    examples, _ = facts
    for job in JOBS:
        rows = rows_of(
            marts,
            f"select * from mart_confidence_thresholds where job_id = '{job}'"
            " and threshold_rule <> 'routing'",
        )
        first: dict[object, dict[str, object]] = {}
        for r in sorted(examples, key=lambda r: str(r["example_id"])):
            both = r["confidence"] is not None and r["is_correct"] is not None
            if r["job_id"] == job and both:
                first.setdefault(r["cluster_id"], r)
        p = np.array([r["confidence"] for r in first.values()], float)
        y = np.array([r["is_correct"] for r in first.values()], bool)
        assert len(rows) == (40 if len(p) else 0)
        for row in rows:
            if row["threshold_rule"] == "coverage":
                needed = int(np.ceil(row["level"] * len(p) - 1e-9))
                assert row["threshold"] == np.sort(p)[::-1][needed - 1]
            else:
                assert row["threshold"] == row["level"]
            accepted = p >= row["threshold"]
            n, k = int(accepted.sum()), int(y[accepted].sum())
            assert (row["accepted_examples"], row["accepted_correct"]) == (n, k)
            assert row["eligible_examples"] == len(p)
            assert row["routed_errors"] == int((~y[~accepted]).sum())
            _wilson(row, "coverage", n, len(p), 1)
            _wilson(row, "accuracy", k, n, 1)
            exact = proportion_confint(k, n, alpha=0.1, method="beta")[0] if n else None
            _close(row["accuracy_exact_lower"], exact)
