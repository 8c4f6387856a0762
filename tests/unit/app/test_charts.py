"""The charts' coordinates: inside their frame, in the right order, true to the numbers."""

from __future__ import annotations

import pytest

from evallake.report.charts.axes import Scale, nice_ticks, percent_ticks
from evallake.report.charts.coverage import coverage_chart
from evallake.report.charts.forest import forest_chart
from evallake.report.charts.heat import heat_chart
from evallake.report.charts.histogram import histogram_chart
from evallake.report.charts.reliability import reliability_chart
from evallake.report.facts import HeatCell, HistogramBin, SliceValue
from evallake.report.values import CalibrationBin, Estimate, Threshold


def test_a_scale_is_straight_and_ends_at_its_ends() -> None:
    scale = Scale(0.0, 2.0, 10.0, 110.0)
    assert [scale(v) for v in (-1, 0, 1, 2, 9)] == [10, 10, 60, 110, 110]
    assert Scale(1.0, 1.0, 10.0, 20.0)(1.0) == 10


@pytest.mark.parametrize(
    ("high", "ticks"),
    [(0, [0, 1]), (3, [0, 1, 2, 3]), (90, [0, 50, 100]), (1999, [0, 500, 1000, 1500, 2000])],
)
def test_ticks_are_round_and_reach_the_top(high: float, ticks: list[float]) -> None:
    assert nice_ticks(high) == ticks


def test_percent_ticks_fit_the_range() -> None:
    assert [t.label for t in percent_ticks(Scale(0.0, 1.0, 0, 1))] == [
        "0",
        "20",
        "40",
        "60",
        "80",
        "100",
    ]
    assert [t.label for t in percent_ticks(Scale(0.9, 1.0, 0, 1))] == [
        "90",
        "92",
        "94",
        "96",
        "98",
        "100",
    ]


def test_histogram_bars_grow_from_the_base_in_proportion() -> None:
    chart = histogram_chart(
        [HistogramBin(0.0, 0.5, 10, 0), HistogramBin(0.5, 1.0, 20, 5)], limit=0.7
    )
    first, second = chart.correct
    assert second.height == pytest.approx(2 * first.height, abs=0.05)
    assert first.y + first.height == pytest.approx(chart.base, abs=0.02)
    (wrong,) = chart.wrong
    assert wrong.y == chart.base
    assert wrong.height == pytest.approx(first.height / 2, abs=0.05)
    assert chart.frame.top <= second.y
    assert wrong.y + wrong.height <= chart.frame.bottom
    assert "20 correct" in second.title


def test_a_histogram_of_nothing_is_drawn_without_bars() -> None:
    chart = histogram_chart([], limit=0.7)
    assert chart.correct == chart.wrong == ()


def test_reliability_points_know_their_side_of_the_diagonal() -> None:
    chart = reliability_chart(
        [
            CalibrationBin(0.0, 0.5, 4, 0.25, Estimate(0.5, 0.2, 0.8, 4)),
            CalibrationBin(0.5, 1.0, 16, 0.9, Estimate(0.6, 0.4, 0.8, 16)),
            CalibrationBin(0.4, 0.5, 0, 0.0, Estimate(None)),
        ]
    )
    under, over = chart.points
    assert not under.is_over
    assert over.is_over
    assert over.y > over.y_perfect  # y grows downwards: less right than sure
    assert over.y_upper < over.y < over.y_lower
    assert over.radius - 3 == pytest.approx(2 * (under.radius - 3), abs=0.02)  # area, not width
    assert over.bar_height == pytest.approx(4 * under.bar_height, abs=0.05)


def test_forest_rows_stand_under_their_key_and_flag_what_lies_below() -> None:
    chart = forest_chart(
        [
            SliceValue("difficulty", "easy", Estimate(0.9, 0.85, 0.95, 100), 0.9),
            SliceValue("difficulty", "hard", Estimate(0.4, 0.3, 0.5, 80), 0.8),
            SliceValue("domain", "billing", Estimate(0.7, 0.5, 0.9, 20), None),
            SliceValue("domain", "empty", Estimate(None), None),
        ],
        overall=0.75,
    )
    assert [row.label for row in chart.rows] == ["difficulty", "easy", "hard", "domain", "billing"]
    assert [row.is_below for row in chart.rows] == [False, False, True, False, False]
    ys = [row.y for row in chart.rows]
    assert ys == sorted(ys)
    assert ys[-1] < chart.frame.bottom


def test_heat_cells_without_examples_are_empty_not_zero() -> None:
    chart = heat_chart(
        "difficulty",
        [
            HeatCell("difficulty", "easy", "Low", 4, 0.25),
            HeatCell("difficulty", "hard", "High", 50, 1.0),
        ],
        bands=("Low", "High"),
    )
    by_title = {square.title.split(":")[0]: square for square in chart.squares}
    assert len(by_title) == 4
    empty = by_title["difficulty = easy, confidence High"]
    assert (empty.text, empty.shade) == ("·", -1)
    low = by_title["difficulty = easy, confidence Low"]
    assert (low.text, low.shade, low.is_small) == ("4", 2, True)


def test_coverage_runs_from_few_to_all() -> None:
    chart = coverage_chart(
        [
            Threshold(0.0, 1.0, Estimate(0.8, 0.75, None, 100)),
            Threshold(0.9, 0.4, Estimate(0.95, 0.9, None, 40)),
            Threshold(0.99, 0.0, Estimate(None, None, None, 0)),
        ]
    )
    assert len(chart.marks) == 2
    first, last = chart.marks
    assert first[0] < last[0]
    assert first[1] < last[1]
    assert last[0] == chart.frame.right
    assert [tick.label for tick in chart.y_ticks] == ["70", "75", "80", "85", "90", "95", "100"]
