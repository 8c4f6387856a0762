"""Sums of a pair's differences, for every place that a rule is about.

They are taken by the engine, cluster by cluster; single clusters are fetched only for rules that
need them, equal ones counted together. Plain SQL for either engine. What the sums come to is decided
elsewhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from evallake.config import Config
from evallake.gate.reading import Pair, quoted, read_rows
from evallake.gate.rules import ALL
from evallake.gate.samples import Clusters, Moments, stride_of, third_of

Place = tuple[str, str, str]
"""(metric_name, slice_key, slice_value); both `all` for the whole pair."""


def read_moments(config: Config, pair: Pair, places: list[Place]) -> dict[Place, Moments]:
    """Sums of the raw differences (candidate minus baseline) of each place that has any."""
    found: dict[Place, Moments] = {}
    for chosen in _by_kind(places):
        sql = f"""
with {_clusters(pair, chosen)},

totals as (

    select
        metric_name,
        slice_key,
        slice_value,
        sum(total) / cast(sum(size) as double) as delta
    from clusters
    group by metric_name, slice_key, slice_value

),

spread as (

    select
        clusters.*,
        totals.delta,
        clusters.total - clusters.size * totals.delta as rest
    from clusters
    inner join totals
        on
            clusters.metric_name = totals.metric_name
            and clusters.slice_key = totals.slice_key
            and clusters.slice_value = totals.slice_value

)

select
    metric_name,
    slice_key,
    slice_value,
    cast(sum(size) as double) as pairs,
    cast(count(*) as double) as clusters,
    cast(count(*) filter (where abs(total) > 1e-12) as double) as changed,
    max(delta) as delta,
    sum(rest * rest) as squares,
    sum(rest * rest * rest) as cubes,
    sum(total * total) as total_squares,
    sum(abs(total) * total * total) as total_cubes
from spread
group by metric_name, slice_key, slice_value
"""
        for row in read_rows(config, sql):
            place = (row["metric_name"], row["slice_key"], row["slice_value"])
            found[place] = _moments(row)
    return {place: found[place] for place in places if place in found}


def _moments(row: dict[str, Any]) -> Moments:
    pairs, clusters = np.array(row["pairs"]), np.array(row["clusters"])
    squares = np.array(row["squares"])
    if row["squares"] <= 1e-24 * row["total_squares"]:
        squares = np.array(0.0)  # what rounding leaves of equal differences is no spread
    with np.errstate(divide="ignore", invalid="ignore"):
        stderr = np.sqrt(clusters / (clusters - 1) * squares) / pairs
    return Moments(
        pairs=pairs,
        clusters=clusters,
        changed=np.array(row["changed"]),
        delta=np.array(row["delta"]),
        stderr=np.where(clusters > 1, stderr, np.nan),
        stride=stride_of(
            np.array(row["total_cubes"]),
            np.array(row["total_squares"]),
            pairs=pairs,
            clusters=clusters,
        ),
        third=third_of(np.array(row["cubes"]), pairs=pairs, clusters=clusters),
    )


def read_clusters(config: Config, pair: Pair, places: list[Place]) -> dict[Place, Clusters]:
    """The clusters of each place, raw differences, equal ones counted together."""
    found: dict[Place, list[tuple[float, float, float]]] = {}
    for chosen in _by_kind(places):
        sql = f"""
with {_clusters(pair, chosen)}

select
    metric_name,
    slice_key,
    slice_value,
    case when abs(total) > 1e-12 then total else 0e0 end as total,
    size,
    count(*) as alike
from clusters
group by
    metric_name,
    slice_key,
    slice_value,
    case when abs(total) > 1e-12 then total else 0e0 end,
    size
"""
        for row in read_rows(config, sql):
            place = (row["metric_name"], row["slice_key"], row["slice_value"])
            found.setdefault(place, []).append((row["total"], row["size"], row["alike"]))
    return {
        place: Clusters(*(np.array(column, float) for column in zip(*found[place], strict=True)))
        for place in places
        if place in found
    }


def _by_kind(places: list[Place]) -> list[list[Place]]:
    """Places of the whole pair apart from those of slices: they are read differently."""
    whole = [place for place in places if place[1] == ALL]
    sliced = [place for place in places if place[1] != ALL]
    return [chosen for chosen in (whole, sliced) if chosen]


def _clusters(pair: Pair, places: list[Place]) -> str:
    """CTEs that end in `clusters`: sum and number of differences of each cluster of each place."""
    metrics = ", ".join(sorted({quoted(place[0]) for place in places}))
    differences = f"""differences as (

    select
        metric_name,
        pair_key,
        cluster_id,
        difference
    from int_pair_differences
    where
        baseline_job_id = {quoted(pair.baseline)}
        and candidate_job_id = {quoted(pair.candidate)}
        and metric_name in ({metrics})

)"""
    if places[0][1] == ALL:
        members = "members as (select *, 'all' as slice_key, 'all' as slice_value from differences)"
    else:
        keys = ", ".join(sorted({quoted(place[1]) for place in places}))
        members = f"""slices as (

    select distinct
        fct_examples.{pair.pairing_key} as pair_key,
        fct_example_slices.slice_key,
        fct_example_slices.slice_value
    from fct_example_slices
    inner join fct_examples
        on
            fct_example_slices.job_id = fct_examples.job_id
            and fct_example_slices.example_id = fct_examples.example_id
    where
        fct_examples.job_id = {quoted(pair.candidate)}
        and fct_example_slices.job_id = {quoted(pair.candidate)}
        and not fct_example_slices.is_outcome_slice
        and fct_example_slices.slice_key in ({keys})

),

members as (

    select
        differences.*,
        slices.slice_key,
        slices.slice_value
    from differences
    inner join slices
        on differences.pair_key = slices.pair_key

)"""
    return f"""{differences},

{members},

clusters as (

    select
        metric_name,
        slice_key,
        slice_value,
        cluster_id,
        sum(difference) as total,
        cast(count(*) as double) as size
    from members
    group by metric_name, slice_key, slice_value, cluster_id

)"""
