"""How often the gate is wrong, and what it can see, by its own code on simulated pairs of jobs.

    python -m benchmarks.simulate_gate            2 000 pairs a scenario, some minutes
    python -m benchmarks.simulate_gate --quick    200 pairs, less than a minute

Every pair has 20 slices x 5 metrics = 100 rules. The metrics are chosen to be unkind: an answer
that is right or wrong, one that rarely changes, a score that is mostly unchanged, one that always
moves a little, and one that rarely collapses. Slices have 200 examples, in 10, 20 or 200 clusters.
Printed with the bars they are held to; `docs/gate.md` keeps the results.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from evallake.gate import deciding
from evallake.gate.betting import stakes
from evallake.gate.deciding import ALPHA, exact_evidence, holm, needs_exact, t_evidence
from evallake.gate.planning import detectable_drop
from evallake.gate.samples import Clusters, Doubles, Moments, moments_of

SLICES, KEYS = 20, 200
GPQA = Path(__file__).resolve().parents[2] / "shared/data/gpqa/gpqa_diamond_scores.csv"
LOOKS = 50


def _binary(changed: float) -> Callable[..., Doubles]:
    """Answers that turn from right to wrong or back; `changed` of them do where delta is 0."""

    def draw(random: np.random.Generator, shape: tuple[int, ...], delta: Doubles) -> Doubles:
        # a drop is more losses; where it is larger than what changes, there are no gains left
        losses = np.maximum((changed - delta) / 2, -delta)
        gains = losses + delta
        u = random.random(shape)
        share = _cluster_effect(random, shape)
        return (u < gains * share).astype(float) - (u > 1 - losses * share)

    return draw


def _mostly_unchanged(
    random: np.random.Generator, shape: tuple[int, ...], delta: Doubles
) -> Doubles:
    moved = random.random(shape) < 0.4
    return np.where(moved, random.uniform(-0.4, 0.4, shape) + delta / 0.4, 0.0)


def _always_a_little(
    random: np.random.Generator, shape: tuple[int, ...], delta: Doubles
) -> Doubles:
    own = random.normal(0, 0.15, shape) + random.normal(0, 0.05, (*shape[:-1], 1))
    return np.clip(own, -0.6, 0.6) + delta


def _rarely_collapses(
    random: np.random.Generator, shape: tuple[int, ...], delta: Doubles
) -> Doubles:
    # 0.8 is lost at once, more often the larger the drop; small gains make up for 2 % of it
    collapses = random.random(shape) < 0.02 - delta / 0.8
    return np.where(collapses, -0.8, 0.0) + 0.016 + random.normal(0, 0.02, shape)


def _cluster_effect(random: np.random.Generator, shape: tuple[int, ...]) -> Doubles:
    """How much likelier a change is in this cluster, 1 on average; none for clusters of one."""
    if shape[-1] == 1:
        return np.ones((*shape[:-1], 1))
    return random.uniform(0.4, 1.6, (*shape[:-1], 1))


METRICS: dict[str, tuple[Callable[..., Doubles], float]] = {
    "right or wrong": (_binary(0.2), 0.05),
    "rarely changes": (_binary(0.03), 0.05),
    "mostly unchanged": (_mostly_unchanged, 0.03),
    "always a little": (_always_a_little, 0.02),
    "rarely collapses": (_rarely_collapses, 0.05),
}
"""How differences come about, and the tolerated drop."""
TOLERANCES = np.array([tolerance for _, tolerance in METRICS.values()])


def differences(
    random: np.random.Generator, pairs: int, *, clusters: int, deltas: Doubles
) -> Doubles:
    """Cluster totals (pair, metric, slice, cluster); `deltas` broadcasts to (pair, metric, slice)."""
    shape = (pairs, SLICES, clusters, KEYS // clusters)
    wanted = np.broadcast_to(deltas, (pairs, len(METRICS), SLICES))
    totals = np.empty((pairs, len(METRICS), SLICES, clusters))
    for number, (draw, _) in enumerate(METRICS.values()):
        totals[:, number] = draw(random, shape, wanted[:, number, :, None, None]).sum(axis=-1)
    return totals


def judge(totals: Doubles, size: int, tolerance: Doubles) -> tuple[Doubles, Doubles, Moments]:
    """(p_drop, p_safe, moments) of every rule, exactly as the gate finds them."""
    moments = moments_of(totals, np.full(totals.shape[-1], float(size)))
    evidence = t_evidence(moments, tolerance)
    p_drop, p_safe = evidence.p_drop.copy(), evidence.p_safe.copy()
    margins = np.broadcast_to(tolerance, p_drop.shape)
    for place in zip(*np.nonzero(needs_exact(moments)), strict=True):
        values, counts = np.unique(totals[place], return_counts=True)
        clusters = Clusters(values, np.full(len(values), float(size)), counts.astype(float))
        p_drop[place], p_safe[place] = exact_evidence(clusters, float(margins[place]), 1.0)
    return p_drop, p_safe, moments


def _batches(total: int, size: int = 50) -> Iterator[int]:
    for start in range(0, total, size):
        yield min(size, total - start)


def watch(
    random: np.random.Generator, pairs: int, *, clusters: int, deltas: Doubles, sound: Doubles
) -> dict[str, float]:
    """Rates over simulated pairs; `sound` marks rules (metric, slice) that must not FAIL."""
    false_fail, found_bad = 0, 0.0
    passes, inconclusive = np.zeros((len(METRICS), SLICES)), 0.0
    for number in _batches(pairs):
        totals = differences(random, number, clusters=clusters, deltas=deltas)
        p_drop, p_safe, _ = judge(totals, KEYS // clusters, TOLERANCES[:, None])
        found, _ = deciding.verdicts(p_drop.reshape(number, -1), p_safe.reshape(number, -1))
        found = found.reshape(p_drop.shape)
        failed = found == deciding.FAIL
        false_fail += int(np.any(failed & sound, axis=(1, 2)).sum())
        found_bad += float(np.sum(failed & ~sound))
        passes += np.sum(p_safe <= ALPHA, axis=0)
        inconclusive += float(np.sum(found == deciding.INCONCLUSIVE))
    bad = float(np.sum(~sound)) * pairs
    return {
        "false_fail": false_fail / pairs,
        "found_bad": found_bad / bad if bad else np.nan,
        "pass_share": float(passes.sum() / passes.size / pairs),
        "inconclusive": inconclusive / passes.size / pairs,
        **{
            f"pass:{name}": float(row.sum() / SLICES / pairs)
            for name, row in zip(METRICS, passes, strict=True)
        },
    }


def power(random: np.random.Generator, pairs: int, *, clusters: int) -> dict[str, float]:
    """Share of FAILs at the drop that another comparison printed as detectable, by metric."""
    level = ALPHA / (len(METRICS) * SLICES)
    found: dict[str, list[float]] = defaultdict(list)
    for number in _batches(max(1, pairs // SLICES)):
        pilot = differences(random, number, clusters=clusters, deltas=np.zeros((1, 1, 1)))
        _, _, moments = judge(pilot, KEYS // clusters, TOLERANCES[:, None])
        exact = needs_exact(moments)
        drops = np.full(exact.shape, np.nan)
        for place in zip(*np.nonzero(~exact), strict=True):
            drops[place] = detectable_drop(
                TOLERANCES[place[1]],
                float(moments.stderr[place]),
                clusters=float(moments.clusters[place]),
                stride=float(moments.stride[place]),
                level=level,
            )
        again = differences(random, number, clusters=clusters, deltas=-np.nan_to_num(drops))
        p_drop, _, _ = judge(again, KEYS // clusters, TOLERANCES[:, None])
        for metric, name in enumerate(METRICS):
            printed = ~np.isnan(drops[:, metric])
            found[name] += (p_drop[:, metric][printed] <= level).tolist()
    return {name: float(np.mean(hits)) if hits else np.nan for name, hits in found.items()}


def repeated_looks(random: np.random.Generator, pairs: int, *, bet: bool) -> dict[str, float]:
    """Share of pairs that ever FAIL, or ever PASS, over 50 looks at the boundary delta = -m."""
    keys = np.linspace(KEYS / LOOKS, KEYS * 4, LOOKS).astype(int)
    ever: dict[str, float] = {}
    for name, (draw, tolerance) in METRICS.items():
        failed = passed = 0
        for number in _batches(pairs, 20):
            shape = (number, keys[-1], 1)
            x = draw(random, shape, np.array(-tolerance))[..., 0]
            if bet:
                capital = [
                    _capital_path(sign * (x + tolerance), 1 + sign * -tolerance, keys)
                    for sign in (-1.0, 1.0)
                ]
                failed += int(np.any(capital[0] >= 1 / ALPHA, axis=1).sum())
                passed += int(np.any(capital[1] >= 1 / ALPHA, axis=1).sum())
                continue
            looked = np.zeros((2, number), bool)
            for seen in keys:
                found = t_evidence(moments_of(x[:, :seen], np.ones(seen)), np.array(tolerance))
                looked[0] |= found.p_drop <= ALPHA
                looked[1] |= found.p_safe <= ALPHA
            failed += int(looked[0].sum())
            passed += int(looked[1].sum())
        ever[f"{name}: FAIL"], ever[f"{name}: PASS"] = failed / pairs, passed / pairs
    return ever


def _capital_path(x: Doubles, floor: float, keys: np.ndarray) -> Doubles:
    """Capital of the gate's bet after so many keys, for every pair: `log_capital` at each look."""
    shares, spread = stakes()
    with np.errstate(divide="ignore"):
        grown = np.log1p(np.maximum(x / floor, -1.0)[..., None] * shares).cumsum(axis=1)
    return np.exp(grown[:, keys - 1]) @ spread


def real_repeats(random: np.random.Generator, pairs: int) -> dict[str, float]:
    """The five runs of each GPQA question split at random in two: the same model against itself."""
    with GPQA.open(encoding="utf-8", newline="") as lines:
        read = [row for row in csv.DictReader(lines) if row["score"]]
    rates: dict[str, float] = {}
    for model in sorted({row["model_id"] for row in read}):
        scores: dict[str, list[float]] = defaultdict(list)
        for row in read:
            if row["model_id"] == model:
                scores[row["item_id"]].append(float(row["score"]))
        table = np.array([values for values in scores.values() if len(values) == 5])
        order = np.argsort(random.random((pairs, *table.shape)), axis=-1)
        drawn = np.take_along_axis(np.broadcast_to(table, order.shape), order, axis=-1)
        d = drawn[..., :2].mean(axis=-1) - drawn[..., 2:].mean(axis=-1)
        for tolerance in (0.02, 0.05):
            drop, safe, _ = judge(d, 1, np.array(tolerance))
            rates[f"{model}, m = {tolerance}: FAIL"] = float(np.mean(drop <= ALPHA))
            rates[f"{model}, m = {tolerance}: PASS"] = float(np.mean(safe <= ALPHA))
            shifted, unsafe, _ = judge(d - tolerance, 1, np.array(tolerance))
            rates[f"{model}, m = {tolerance}, less m: FAIL"] = float(np.mean(shifted <= ALPHA))
            rates[f"{model}, m = {tolerance}, less m: PASS"] = float(np.mean(unsafe <= ALPHA))
        # 20 slices of the questions, watched together
        slices = np.arange(table.shape[0]) % SLICES
        p = np.stack([judge(d[:, slices == s], 1, np.array(0.05))[0] for s in range(SLICES)], -1)
        rates[f"{model}, 20 slices: any FAIL"] = float(np.mean(np.any(holm(p) <= ALPHA, axis=-1)))
    return rates


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="200 pairs instead of 2 000")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    pairs = 200 if arguments.quick else 2_000
    random = np.random.default_rng(arguments.seed)
    error = 1.645 * np.sqrt(ALPHA * (1 - ALPHA) / pairs)
    print(
        f"{pairs} pairs a scenario, 100 rules each; 5 % plus simulation error is {ALPHA + error:.2%},"
        f" of a metric's PASSes, over all its slices, {ALPHA + error / np.sqrt(SLICES):.2%}"
    )
    everything = np.ones((len(METRICS), SLICES), bool)
    bad = np.zeros((len(METRICS), SLICES), bool)
    bad[:, :2] = True
    edge = -TOLERANCES[:, None] * np.ones((1, SLICES))
    scenarios = {
        "delta = 0": (np.zeros_like(edge), everything),
        "delta = -m": (edge, everything),
        "a tenth at -m - 0.15, the others at 0": (np.where(bad, edge - 0.15, 0.0), ~bad),
        "a tenth at -m - 0.15, the others at -m": (np.where(bad, edge - 0.15, edge), ~bad),
    }
    for clusters in (10, 20, 200):
        print(f"\n{clusters} clusters of {KEYS // clusters}")
        for name, (deltas, sound) in scenarios.items():
            started = time.perf_counter()
            rates = watch(random, pairs, clusters=clusters, deltas=deltas, sound=sound)
            print(f"  {name} ({time.perf_counter() - started:.0f} s)")
            for key, rate in rates.items():
                if not np.isnan(rate):
                    print(f"    {key:<28} {rate:8.2%}")
        print("  power at the detectable drop that was printed")
        for name, rate in power(random, pairs, clusters=clusters).items():
            print(f"    {name:<28} {rate:8.2%}")
    print(f"\n{LOOKS} looks at delta = -m, one rule: ever")
    for bet in (True, False):
        print(f"  {'betting' if bet else 'the same looks with t, which is not made for it'}")
        for name, rate in repeated_looks(random, pairs, bet=bet).items():
            print(f"    {name:<28} {rate:8.2%}")
    if GPQA.exists():
        print("\nGPQA Diamond, five runs of each question split at random in two and three")
        for name, rate in real_repeats(random, pairs).items():
            print(f"  {name:<56} {rate:8.2%}")
    else:
        print(f"\nskipped: the GPQA scores are not at {GPQA.name} beside this checkout")


if __name__ == "__main__":
    main()
