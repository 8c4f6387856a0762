"""A gate from two job ids to a verdict: rules made concrete, sums read, decided, planned.

Holds the order of the steps; the steps are `reading`, `resolving`, `sums` and `ruling`.
"""

from __future__ import annotations

from evallake.config import Config
from evallake.errors import ComparisonError
from evallake.gate import deciding
from evallake.gate.reading import read_metrics, read_pair, read_slices
from evallake.gate.resolving import place_of, resolve
from evallake.gate.results import GateResult
from evallake.gate.rules import Rule
from evallake.gate.ruling import decide
from evallake.gate.sums import read_clusters, read_moments


def run_gate(
    config: Config,
    baseline: str,
    candidate: str,
    *,
    rules: tuple[Rule, ...],
    repeated_looks: bool = False,
    any_dataset: bool = False,
) -> GateResult:
    """Hold `candidate` against `baseline` by `rules`, from the published tables.

    Args:
        config: which tables.
        baseline: the job that must not be fallen short of.
        candidate: the job that is to replace it.
        rules: as read; slices `*` become a rule a value.
        repeated_looks: decide by betting, which stays valid however often one looks.
        any_dataset: compare what two different data sets have in common.

    Raises:
        NotBuiltError, UnknownJobError, ComparisonError: the pair cannot be had.
        RulesError: a rule names what the pair does not have.
    """
    pair = read_pair(config, baseline, candidate)
    if pair.is_same_dataset is False and not any_dataset:
        raise ComparisonError(
            f"the jobs were evaluated on different data sets, {pair.overlap:,} examples in common",
            where=f"{baseline} and {candidate}",
            do="to judge by those alone, add --any-dataset",
        )
    metrics = read_metrics(config, pair)
    concrete = resolve(rules, metrics, read_slices(config, pair))
    places = [place_of(rule) for rule in concrete]
    moments = read_moments(config, pair, places)
    tested = [
        float(moments[place].pairs) >= rule.min_n if place in moments else False
        for rule, place in zip(concrete, places, strict=True)
    ]
    exact = [
        place
        for place, is_tested in zip(places, tested, strict=True)
        if is_tested and (repeated_looks or bool(deciding.needs_exact(moments[place])))
    ]
    clusters = read_clusters(config, pair, exact) if exact else {}
    results = decide(concrete, moments, clusters, tested=tested, repeated_looks=repeated_looks)
    return GateResult(
        baseline=baseline,
        candidate=candidate,
        verdict=deciding.overall(
            [result.verdict for result in results], [result.is_required for result in results]
        ),
        overlap=pair.overlap,
        finding=pair.finding,
        is_for_repeated_looks=repeated_looks,
        rules=tuple(results),
    )
