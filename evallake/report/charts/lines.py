"""Dots with interval lines under headings: where each stands, and how far its line reaches.

What a dot means, how it is labelled and coloured is the chart's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from evallake.report.values import Estimate

Item = TypeVar("Item")

ROW, GAP = 22.0, 34.0
"""From line to line, and from the last line to the next heading."""


@dataclass(frozen=True, slots=True)
class Heading:
    """What the lines below it have in common."""

    y: float
    label: str


@dataclass(frozen=True, slots=True)
class Line(Generic[Item]):
    """One dot; without an interval its line is as long as the dot."""

    y: float
    item: Item
    value: float
    lower: float
    upper: float


def laid_out(
    items: Iterable[Item],
    *,
    estimate: Callable[[Item], Estimate],
    heading: Callable[[Item], str],
    top: float,
    indent: float,
) -> Iterator[Heading | Line[Item]]:
    """Lines in the order given, a heading where it changes; items without a value are left out.

    Args:
        items: what is drawn.
        estimate: an item's value and interval.
        heading: the heading it stands under; empty for none.
        top: where the first line would stand, less one row.
        indent: from there to the first heading.
    """
    y, last = top, None
    for item in items:
        found = estimate(item)
        if found.value is None:
            continue
        label = heading(item)
        if label and label != last:
            y += GAP if last is not None else indent
            last = label
            yield Heading(y, label)
        y += ROW
        lower = found.value if found.lower is None else found.lower
        upper = found.value if found.upper is None else found.upper
        yield Line(y, item, found.value, lower, upper)
