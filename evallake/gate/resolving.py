"""Rules made concrete for a pair of jobs: a known metric, direction and range, one slice each.

Decides which places a gate looks at and which rules fit none of its tests; what is found there is
decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from evallake.errors import RulesError
from evallake.gate.reading import COMPARABLE, Metric
from evallake.gate.rules import ALL, EACH, Rule, unknown
from evallake.gate.sums import Place

LARGEST_KEY = 50
"""Values of a slice key up to which rules that nobody wrote watch each of them."""


def place_of(rule: Rule) -> Place:
    """Where a concrete rule looks."""
    return rule.metric, rule.slice_key, rule.slice_value


def resolve(
    rules: Iterable[Rule], metrics: Mapping[str, Metric], slices: Mapping[str, list[str]]
) -> list[Rule]:
    """Rules with a known metric, direction and span, and one slice each.

    Raises:
        RulesError: a metric or slice that the pair does not have, or one that no test fits.
    """
    usable = {name for name, metric in metrics.items() if metric.pairs > 0}
    concrete: list[Rule] = []
    for rule in rules:
        if rule.metric not in usable:
            raise unknown("metric", rule.metric, usable, where=rule.where)
        metric = metrics[rule.metric]
        if metric.aggregation not in COMPARABLE:
            raise RulesError(
                f"{rule.metric} is no mean of examples (the jobs report its {metric.aggregation}),"
                " so no test of this gate fits it",
                where=rule.where,
                do="mart_model_deltas compares it where that can be done; choose another metric",
            )
        better = rule.higher_is_better
        if better is None:
            better = metric.is_higher_better
        if better is None:
            raise RulesError(
                f"nothing says whether more {rule.metric} is better",
                where=rule.where,
                do="add higher_is_better: true or false to the rule",
            )
        span = rule.span if rule.span is not None else metric.scale_max
        known = replace(rule, higher_is_better=better, span=span)
        concrete += [
            replace(known, slice_key=key, slice_value=value)
            for key, value in _slices_of(rule, slices)
        ]
    # what two rules name stands with the first: key = value before key = *
    named: dict[Place, Rule] = {}
    for rule in concrete:
        named.setdefault(place_of(rule), rule)
    return list(named.values())


def _slices_of(rule: Rule, slices: Mapping[str, list[str]]) -> list[tuple[str, str]]:
    if rule.slice_key == ALL:
        return [(ALL, ALL)]
    if rule.slice_key == EACH:
        return [
            (key, value)
            for key, values in slices.items()
            if len(values) <= LARGEST_KEY
            for value in values
        ]
    if rule.slice_key not in slices:
        raise unknown("slice", rule.slice_key, slices, where=rule.where)
    values = slices[rule.slice_key]
    if rule.slice_value == EACH:
        return [(rule.slice_key, value) for value in values]
    if rule.slice_value not in values:
        raise unknown(f"value of {rule.slice_key}", rule.slice_value, values, where=rule.where)
    return [(rule.slice_key, rule.slice_value)]
