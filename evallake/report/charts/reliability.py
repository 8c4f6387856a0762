"""Reliability diagram: accuracy against confidence, with intervals and counts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from evallake.report.charts.axes import Frame, Scale, Tick
from evallake.report.values import CalibrationBin


@dataclass(frozen=True, slots=True)
class ReliabilityPoint:
    """One bin: its point, its interval, the point of perfect calibration, its count bar."""

    x: float
    y: float
    y_lower: float
    y_upper: float
    y_perfect: float
    radius: float
    is_over: bool
    """Whether the model was surer than it was right."""
    title: str
    bar_x: float
    bar_width: float
    bar_height: float


@dataclass(frozen=True, slots=True)
class ReliabilityChart:
    """Accuracy against confidence; the strip under it shows how many examples stand behind."""

    frame: Frame
    points: tuple[ReliabilityPoint, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    strip_bottom: float


def reliability_chart(bins: Sequence[CalibrationBin]) -> ReliabilityChart:
    """One point per bin that has examples; its area grows with their number."""
    frame = Frame(560, 348, left=52, right=548, top=16, bottom=258)
    strip_bottom, strip_height = frame.bottom + 40, 34.0
    x = Scale(0.0, 1.0, frame.left, frame.right)
    y = Scale(0.0, 1.0, frame.bottom, frame.top)
    most = max((b.n for b in bins), default=1)
    points = []
    for b in bins:
        value = b.accuracy.value
        if not b.n or value is None:
            continue
        lower = value if b.accuracy.lower is None else b.accuracy.lower
        upper = value if b.accuracy.upper is None else b.accuracy.upper
        points.append(
            ReliabilityPoint(
                x=x(b.confidence),
                y=y(value),
                y_lower=y(lower),
                y_upper=y(upper),
                y_perfect=y(b.confidence),
                radius=round(3 + 6 * math.sqrt(b.n / most), 2),
                is_over=b.confidence > value,
                title=(
                    f"confidence {b.confidence:.2f}: accuracy {value:.2f} "
                    f"[{lower:.2f}, {upper:.2f}], {b.n:,} examples"
                ),
                bar_x=x(b.lower) + 1,
                bar_width=max(x(b.upper) - x(b.lower) - 2, 1.0),
                bar_height=max(round(strip_height * b.n / most, 2), 1.0),
            )
        )
    fifths = tuple(Tick(x(i / 5), f"{i / 5:.1f}") for i in range(6))
    return ReliabilityChart(
        frame,
        tuple(points),
        fifths,
        tuple(Tick(y(i / 5), f"{i / 5:.1f}") for i in range(6)),
        strip_bottom,
    )
