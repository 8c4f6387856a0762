"""Reliability before and after recalibration, small enough to stand side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from evallake.report.charts.axes import Frame, Scale, Tick
from evallake.report.values import CalibrationBin


@dataclass(frozen=True, slots=True)
class MendingPoint:
    """One bin."""

    x: float
    y: float
    y_lower: float
    y_upper: float
    radius: float
    title: str


@dataclass(frozen=True, slots=True)
class MendingChart:
    """Both reliability curves over the diagonal on which confidence equals accuracy."""

    method: str
    frame: Frame
    before: tuple[MendingPoint, ...]
    after: tuple[MendingPoint, ...]
    before_line: str
    """SVG points."""
    after_line: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]


def mending_chart(
    method: str, *, before: Sequence[CalibrationBin], after: Sequence[CalibrationBin]
) -> MendingChart:
    """The curves of one method; bins without examples are left out."""
    frame = Frame(352, 300, left=46, right=340, top=12, bottom=254)
    x = Scale(0.0, 1.0, frame.left, frame.right)
    y = Scale(0.0, 1.0, frame.bottom, frame.top)
    most = max((b.n for b in [*before, *after]), default=1) or 1
    first, then = _points(before, x, y, most, "before"), _points(after, x, y, most, "after")
    ticks = [i / 5 for i in range(6)]
    return MendingChart(
        method,
        frame,
        first,
        then,
        " ".join(f"{p.x:g},{p.y:g}" for p in first),
        " ".join(f"{p.x:g},{p.y:g}" for p in then),
        tuple(Tick(x(t), f"{t:.1f}") for t in ticks),
        tuple(Tick(y(t), f"{t:.1f}") for t in ticks),
    )


def _points(
    bins: Sequence[CalibrationBin], x: Scale, y: Scale, most: int, when: str
) -> tuple[MendingPoint, ...]:
    return tuple(
        MendingPoint(
            x(b.confidence),
            y(b.accuracy.value),
            y(b.accuracy.value if b.accuracy.lower is None else b.accuracy.lower),
            y(b.accuracy.value if b.accuracy.upper is None else b.accuracy.upper),
            round(2.4 + 3.6 * math.sqrt(b.n / most), 2),
            f"{when}: confidence {b.confidence:.2f}, accuracy {b.accuracy.value:.2f}, "
            f"{b.n:,} examples",
        )
        for b in sorted(bins, key=lambda b: b.confidence)
        if b.n and b.accuracy.value is not None
    )
