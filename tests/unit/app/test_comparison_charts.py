"""Charts of differences, votes and mended confidence: inside their frame, true to the numbers."""

from __future__ import annotations

import pytest

from evallake.report.charts.coverage import coverage_chart
from evallake.report.charts.deltas import DeltaLine, deltas_chart
from evallake.report.charts.mending import mending_chart
from evallake.report.charts.votes import votes_chart
from evallake.report.judge_facts import Votes
from evallake.report.values import CalibrationBin, Estimate, Threshold
from tests.unit.app.comparisons import recalibration, routing


def line(value, lower=None, upper=None, *, verdict="worse", label="f1", heading=""):
    return DeltaLine(heading, label, Estimate(value, lower, upper, 100), 0.01, verdict)


def test_differences_lie_on_their_side_of_the_line() -> None:
    chart = deltas_chart(
        [
            line(-0.05, -0.08, -0.02),
            line(0.03, -0.01, 0.07, verdict="no difference shown"),
            line(0.04, 0.01, 0.07, verdict="better"),
            line(None),
        ]
    )
    low, plain, better = chart.rows
    assert low.x_lower < low.x < low.x_upper < chart.zero_x < better.x_lower
    assert plain.x_lower < chart.zero_x < plain.x
    assert [row.tone for row in chart.rows] == ["low", "plain", ""]
    assert [row.points for row in chart.rows] == ["−5.0", "+3.0", "+4.0"]
    assert "0" in [tick.label for tick in chart.x_ticks]
    ticks = [tick.at for tick in chart.x_ticks]
    assert ticks == sorted(ticks)
    assert (ticks[0], ticks[-1]) == (chart.frame.left, chart.frame.right)


def test_one_wide_interval_does_not_flatten_the_others() -> None:
    chart = deltas_chart([line(0.02, 0.01, 0.03), line(0.03, -0.9, 0.96)])
    narrow, wide = chart.rows
    assert narrow.x_upper - narrow.x_lower > 30
    assert wide.is_cut_low
    assert wide.is_cut_high
    assert not narrow.is_cut_low
    assert not narrow.is_cut_high
    assert "−90.0" in wide.title


@pytest.mark.parametrize("value", [0.0, 1e-9, -1e-5, 1.0, -1.0])
def test_any_size_of_difference_can_be_drawn(value: float) -> None:
    chart = deltas_chart([line(value, value, value), line(value)])
    for row in chart.rows:
        assert chart.frame.left <= row.x_lower <= row.x_upper <= chart.frame.right
    assert 2 <= len(chart.x_ticks) <= 12


def test_headings_come_where_they_change() -> None:
    chart = deltas_chart(
        [
            line(-0.1, heading="got worse", label="a"),
            line(-0.2, heading="got worse", label="b"),
            line(0.1, heading="got better", label="c"),
        ]
    )
    assert [row.label for row in chart.rows] == ["got worse", "a", "b", "got better", "c"]
    ys = [row.y for row in chart.rows]
    assert ys == sorted(ys)
    assert ys[-1] < chart.frame.bottom


def test_votes_fill_the_bar_in_proportion() -> None:
    chart = votes_chart(
        [
            Votes("all", "all", 50, 25, 25, 0, Estimate(2 / 3, 0.5, 0.8, 75)),
            Votes("domain", "a", 1, 0, 999, 0, Estimate(None)),
            Votes("domain", "none", 0, 0, 0, 3, Estimate(None)),
        ]
    )
    whole, heading, slice_ = chart.rows
    assert whole.is_whole
    assert (heading.is_heading, heading.label) == (True, "domain")
    assert [part.kind for part in whole.parts] == ["right", "tie", "wrong"]
    assert whole.parts[0].x == chart.frame.left
    assert whole.parts[1].x == chart.half_x
    assert whole.parts[0].width == pytest.approx(2 * whole.parts[1].width)
    assert whole.rate == "66.7 %"
    few, many = slice_.parts
    assert few.text == ""  # no room for it
    assert "1 for B of 1,000 votes" in few.title
    assert many.text == "999"
    assert many.x + many.width == pytest.approx(chart.frame.right, abs=0.02)


def test_mended_confidence_is_drawn_beside_what_it_was() -> None:
    before = [CalibrationBin(0.8, 1.0, 400, 0.95, Estimate(0.8, 0.76, 0.84))]
    chart = mending_chart("isotonic", before=before, after=recalibration().bins)
    assert len(chart.before) == 1
    assert len(chart.after) == 2  # an empty bin is no point
    (point,) = chart.before
    assert point.y_upper < point.y < point.y_lower  # y grows downwards
    assert chart.after[0].x < chart.after[1].x
    assert chart.after_line.count(",") == 2
    assert mending_chart("platt", before=[], after=[]).after == ()


def test_the_routing_threshold_is_marked_where_it_was_found() -> None:
    curve = [
        Threshold(0.99, 0.5, Estimate(0.97, 0.95, None, 50)),
        Threshold(0.1, 1.0, Estimate(0.82, 0.74, None, 98)),
    ]
    chart = coverage_chart(curve, routing=routing())
    assert chart.routing is not None
    x, y, title = chart.routing
    assert (x, y) == chart.marks[0][:2]
    assert "routing threshold 0.99" in title
    assert chart.promised_y is not None
    assert y < chart.promised_y < chart.frame.bottom
    without = coverage_chart(curve, routing=routing(is_found=False))
    assert without.routing is None
    assert without.promised_y == chart.promised_y
    assert coverage_chart(curve).promised_y is None
