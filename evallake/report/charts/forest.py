"""Accuracy by slice: dots with interval lines, the job's own accuracy as reference."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from evallake.report.charts.axes import Frame, Scale, Tick, percent_ticks
from evallake.report.charts.lines import Heading, laid_out
from evallake.report.facts import SliceValue


@dataclass(frozen=True, slots=True)
class ForestRow:
    """One slice value, or the heading of a key (then only `y` and `label` are used)."""

    y: float
    label: str
    is_heading: bool = False
    x: float = 0.0
    x_lower: float = 0.0
    x_upper: float = 0.0
    radius: float = 0.0
    is_below: bool = False
    """Whether the whole interval lies below the job's accuracy."""
    percent: str = ""
    count: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class ForestChart:
    """Dots with interval lines, a reference line at the job's own accuracy."""

    frame: Frame
    rows: tuple[ForestRow, ...]
    x_ticks: tuple[Tick, ...]
    overall_x: float | None
    overall_label: str


def forest_chart(slices: Sequence[SliceValue], *, overall: float | None) -> ForestChart:
    """Rows in the order given, a heading where the key changes."""
    left, right, width = 236.0, 920.0, 1120.0
    x = Scale(*_range(slices), left, right)
    most = max((s.accuracy.n or 0 for s in slices), default=1) or 1
    rows: list[ForestRow] = []
    for line in laid_out(
        slices, estimate=lambda s: s.accuracy, heading=lambda s: s.key, top=22, indent=12
    ):
        if isinstance(line, Heading):
            rows.append(ForestRow(line.y, line.label, is_heading=True))
            continue
        item, n = line.item, line.item.accuracy.n or 0
        rows.append(
            ForestRow(
                y=line.y,
                label=item.value,
                x=x(line.value),
                x_lower=x(line.lower),
                x_upper=x(line.upper),
                radius=round(3 + 3.5 * math.sqrt(n / most), 2),
                is_below=overall is not None and line.upper < overall,
                percent=f"{line.value * 100:.1f} %",
                count=f"n {n:,}",
                title=(
                    f"{item.key} = {item.value}: accuracy {line.value:.3f} "
                    f"[{line.lower:.3f}, {line.upper:.3f}], {n:,} examples"
                ),
            )
        )
    bottom = (rows[-1].y if rows else 22.0) + 16
    frame = Frame(width, bottom + 30, left=left, right=right, top=10, bottom=bottom)
    return ForestChart(
        frame,
        tuple(rows),
        percent_ticks(x),
        None if overall is None else x(overall),
        "" if overall is None else f"all {overall * 100:.1f} %",
    )


def _range(slices: Sequence[SliceValue]) -> tuple[float, float]:
    """Whole tenths around all intervals, at least four of them: dots need no axis from 0."""
    ends = [
        end
        for item in slices
        for end in (item.accuracy.value, item.accuracy.lower, item.accuracy.upper)
        if end is not None
    ]
    low = math.floor(min(ends, default=0.0) * 10 + 1e-9)
    high = math.ceil(max(ends, default=1.0) * 10 - 1e-9)
    while high - low < 4:
        low, high = max(low - 1, 0), min(high + 1, 10)
    return low / 10, high / 10
