"""Differences with their intervals around a line at no difference."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from evallake.report.charts.axes import Frame, Scale, Tick
from evallake.report.charts.lines import Heading, laid_out
from evallake.report.values import Estimate
from evallake.report.wording import chance, points

TONES = {"better": "", "worse": "low"}
"""Blue and orange; everything else is drawn in grey and told by its word alone."""


@dataclass(frozen=True, slots=True)
class DeltaLine:
    """One difference to draw, as a share of its metric's scale."""

    heading: str
    label: str
    delta: Estimate
    """`n` is the number of pairs."""
    q_value: float | None
    verdict: str


@dataclass(frozen=True, slots=True)
class DeltaRow:
    """One difference, or a heading (then only `y` and `label` are used)."""

    y: float
    label: str
    is_heading: bool = False
    x: float = 0.0
    x_lower: float = 0.0
    x_upper: float = 0.0
    tone: str = ""
    """`low` where the candidate is worse, `plain` where nothing is shown, else empty."""
    is_cut_low: bool = False
    """Whether the interval goes on beyond the chart's left edge."""
    is_cut_high: bool = False
    points: str = ""
    q: str = ""
    pairs: str = ""
    verdict: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class DeltaChart:
    """Dots with interval lines; the reference line is no difference."""

    frame: Frame
    rows: tuple[DeltaRow, ...]
    x_ticks: tuple[Tick, ...]
    zero_x: float
    columns: tuple[Tick, ...]
    """Names of the columns of numbers, right-aligned; the last one is left-aligned."""


def deltas_chart(lines: Sequence[DeltaLine]) -> DeltaChart:
    """Rows in the order given, a heading where it changes; lines without a difference are left out."""
    left, right, width = 254.0, 744.0, 1120.0
    low, high, step = _range(lines)
    x = Scale(low, high, left, right)
    rows: list[DeltaRow] = []
    for line in laid_out(
        lines,
        estimate=lambda line: line.delta,
        heading=lambda line: line.heading,
        top=26,
        indent=14,
    ):
        if isinstance(line, Heading):
            rows.append(DeltaRow(line.y, line.label, is_heading=True))
            continue
        item, n = line.item, line.item.delta.n or 0
        told = (
            f"[{points(line.lower)}, {points(line.upper)}]" if item.delta.lower is not None else ""
        )
        rows.append(
            DeltaRow(
                y=line.y,
                label=item.label,
                x=x(line.value),
                x_lower=x(line.lower),
                x_upper=x(line.upper),
                tone=TONES.get(item.verdict, "plain"),
                is_cut_low=line.lower < low,
                is_cut_high=line.upper > high,
                points=points(line.value),
                q=chance(item.q_value),
                pairs=f"{n:,}",
                verdict=item.verdict,
                title=f"{item.label}: {points(line.value)} points {told}, {n:,} pairs, "
                f"q {chance(item.q_value)}, {item.verdict}",
            )
        )
    bottom = (rows[-1].y if rows else 26.0) + 16
    first, last = round(low / step), round(high / step)
    return DeltaChart(
        Frame(width, bottom + 30, left=left, right=right, top=12, bottom=bottom),
        tuple(rows),
        tuple(Tick(x(i * step), _tick(i * step * 100)) for i in range(first, last + 1)),
        x(0.0),
        (
            Tick(right + 66, "points"),
            Tick(right + 146, "q"),
            Tick(right + 222, "pairs"),
            Tick(right + 242, "verdict"),
        ),
    )


def _tick(value: float) -> str:
    return "0" if abs(value) < 1e-12 else f"{value:+.4g}".replace("-", "−")


def _range(lines: Sequence[DeltaLine]) -> tuple[float, float, float]:
    """Both ends and the step of the ticks: around 0 and all differences, and around the intervals
    as far as three times the largest difference, so that one wide interval does not flatten all."""
    known = [line.delta for line in lines if line.delta.value is not None]
    ends = [
        end for delta in known for end in (delta.value, delta.lower, delta.upper) if end is not None
    ]
    widest = max((abs(delta.value or 0.0) for delta in known), default=0.0)
    clear = [
        abs(end)
        for delta in known
        if delta.lower is not None and delta.upper is not None
        for end in (delta.lower, delta.upper)
    ]
    reach = max(3 * widest, min(clear, default=0.0)) or 0.01
    low = max(min(ends, default=0.0), -reach, -1.0) if ends else -0.01
    high = min(max(ends, default=0.0), reach, 1.0) if ends else 0.01
    low, high = min(low, 0.0), max(high, 0.0)
    if high - low < 1e-6:
        low, high = -0.01, 0.01
    raw = (high - low) / 6
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw * (1 - 1e-9))
    return math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step, step
