"""Risk-coverage curve: how right the answers are when only the surest are given."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from evallake.report.charts.axes import Frame, Scale, Tick, percent_ticks
from evallake.report.values import Routing, Threshold


@dataclass(frozen=True, slots=True)
class CoverageChart:
    """Accuracy of what is answered against the share answered; a band down to the lower bound."""

    frame: Frame
    line: str
    """SVG points of the accuracy."""
    band: str
    """SVG points of the area between accuracy and its lower bound."""
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    marks: tuple[tuple[float, float, str], ...]
    """(x, y, title) of single thresholds."""
    promised_y: float | None = None
    """Where the accuracy asked for is; None where it is not asked for or below the chart."""
    promised_label: str = ""
    routing: tuple[float, float, str] | None = None
    """(x, y, title) of the threshold that keeps the promise, as it did on the tested folds."""


def coverage_chart(
    thresholds: Sequence[Threshold], *, routing: Routing | None = None
) -> CoverageChart:
    """The curve over thresholds that leave something to answer, and the one to route by."""
    frame = Frame(560, 300, left=52, right=548, top=16, bottom=258)
    known = sorted(
        (t for t in thresholds if t.accuracy.value is not None and t.coverage > 0),
        key=lambda t: (t.coverage, -t.threshold),
    )
    lows = [t.accuracy.value if t.accuracy.lower is None else t.accuracy.lower for t in known]
    floor = min((low for low in lows if low is not None), default=0.0)
    x = Scale(0.0, 1.0, frame.left, frame.right)
    y = Scale(max(0.0, math.floor(floor * 10 - 1e-9) / 10), 1.0, frame.bottom, frame.top)
    above = [(x(t.coverage), y(t.accuracy.value or 0.0)) for t in known]
    below = [(x(t.coverage), y(low or 0.0)) for t, low in zip(known, lows, strict=True)]
    marks = tuple(
        (
            *point,
            f"confidence from {t.threshold:.3g}: answers {t.coverage * 100:.1f} %, "
            f"{(t.accuracy.value or 0) * 100:.1f} % right",
        )
        for point, t in zip(above, known, strict=True)
    )
    return CoverageChart(
        frame,
        _points(above),
        _points([*above, *reversed(below)]),
        percent_ticks(x),
        percent_ticks(y),
        marks,
        y(routing.promised) if routing and routing.promised >= y.low else None,
        f"{routing.promised * 100:g} %" if routing else "",
        _routed(routing, x, y) if routing else None,
    )


def _routed(routing: Routing, x: Scale, y: Scale) -> tuple[float, float, str] | None:
    found = routing.threshold
    if found is None or found.accuracy.value is None:
        return None
    title = (
        f"routing threshold {found.threshold:.3g}: answers {found.coverage * 100:.1f} %, "
        f"{found.accuracy.value * 100:.1f} % right on {routing.tested_on:,} examples"
    )
    return x(found.coverage), y(found.accuracy.value), title


def _points(pairs: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in pairs)
