"""How votes fell: one bar a row, wins from the left, losses from the right, ties between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evallake.report.charts.axes import Frame
from evallake.report.judge_facts import Votes
from evallake.report.values import Estimate


@dataclass(frozen=True, slots=True)
class VotePart:
    """One part of a bar."""

    kind: str
    """right (B), tie or wrong (A)."""
    x: float
    width: float
    text: str
    """The count, where it fits."""
    title: str


@dataclass(frozen=True, slots=True)
class VoteRow:
    """One bar, or a heading (then only `y` and `label` are used)."""

    y: float
    label: str
    is_heading: bool = False
    is_whole: bool = False
    """Whether it is the whole job, drawn taller."""
    parts: tuple[VotePart, ...] = ()
    rate: str = ""
    interval: str = ""


@dataclass(frozen=True, slots=True)
class VotesChart:
    """Bars of equal length, one a row; the reference line is at half."""

    frame: Frame
    rows: tuple[VoteRow, ...]
    half_x: float


def votes_chart(votes: Sequence[Votes]) -> VotesChart:
    """Rows in the order given, the whole job first; rows without a vote are left out."""
    left, right, width = 236.0, 880.0, 1120.0
    rows: list[VoteRow] = []
    y, key = 30.0, "all"
    for item in votes:
        total = item.wins + item.ties + item.losses
        if not total:
            continue
        if item.key != key:
            y, key = y + 38, item.key
            rows.append(VoteRow(y, key, is_heading=True))
        is_whole = item.key == "all"
        y += 0 if is_whole else 25
        rows.append(
            VoteRow(
                y,
                "all votes" if is_whole else item.value,
                is_whole=is_whole,
                parts=_parts(item, total, left=left, length=right - left),
                rate="" if item.win_rate.value is None else f"{item.win_rate.value * 100:.1f} %",
                interval=_interval(item.win_rate),
            )
        )
    return VotesChart(
        Frame(width, y + 24, left=left, right=right, top=14, bottom=y + 16),
        tuple(rows),
        (left + right) / 2,
    )


def _parts(item: Votes, total: int, *, left: float, length: float) -> tuple[VotePart, ...]:
    parts, x = [], left
    for kind, count, name in (
        ("right", item.wins, "for B"),
        ("tie", item.ties, "ties"),
        ("wrong", item.losses, "for A"),
    ):
        if not count:
            continue
        size = length * count / total
        text = f"{count:,}"
        parts.append(
            VotePart(
                kind,
                round(x, 2),
                round(size, 2),
                text if size > 9 * len(text) + 6 else "",
                f"{item.value}: {count:,} {name} of {total:,} votes",
            )
        )
        x += size
    return tuple(parts)


def _interval(rate: Estimate) -> str:
    if rate.lower is None or rate.upper is None:
        return ""
    return f"{rate.lower * 100:.1f} to {rate.upper * 100:.1f} %"
