"""The report says what came of the check at the door, and nothing green where something waits."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from evallake.report.door_facts import DoorFacts, HeldLoad, Unmet
from evallake.report.door_page import door_sentences
from evallake.report.page import render_page
from tests.unit.app.reports import report
from tests.unit.app.test_report_page import EVIL, Page

CLEAN = DoorFacts(
    checked_jobs=2, unchecked_jobs=0, expectations=400, failed=0, unmet=(), held=(), held_in_all=0
)
HELD = HeldLoad(
    job_id=EVIL,
    because=EVIL,
    ingested_at_utc=datetime(2026, 1, 2, tzinfo=UTC),
    rows=7,
    is_second=True,
)
UNMET = Unmet(
    job_id=EVIL,
    severity="critical",
    table="examples",
    columns="notebook_confidence",
    because=EVIL,
    unexpected=3,
    checked=50,
    examples=(EVIL, "1.5"),
    released_because=EVIL,
)


def page(door: DoorFacts) -> str:
    return render_page(replace(report(), door=door))


def test_a_clean_door_is_one_green_line() -> None:
    text = page(CLEAN)
    assert 'class="door good"' in text
    assert "400 expectations, over 2 jobs, were checked at the door, and all are met." in text
    assert "No load is held." in text
    assert "Held loads</h3>" not in text


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"failed": 1}, "one is not met"),
        ({"unchecked_jobs": 2}, "2 jobs were landed without validation"),
        ({"unchecked_jobs": 1, "checked_jobs": 0}, "One job was landed without validation"),
        ({"held_in_all": 3}, "3 loads are held, and no number in this report"),
    ],
)
def test_whatever_is_wrong_is_said_and_not_green(changed: dict[str, int], said: str) -> None:
    door = replace(CLEAN, **changed)
    assert not door.is_clean
    assert said in " ".join(door_sentences(door))
    assert 'class="door good"' not in page(door)


def test_held_loads_and_failures_are_listed_and_nothing_of_them_is_markup() -> None:
    door = replace(CLEAN, failed=25, unmet=(UNMET,), held=(HELD,), held_in_all=12)
    text = page(door)
    found = Page(text)
    assert found.open == []
    assert not found.all("script")
    assert not found.all("img")
    said = " ".join(found.text)
    assert said.count(EVIL) >= 5
    for words in ("an earlier load is shown", "24 more:", "11 more:", "released:", "of 50"):
        assert words in " ".join(said.split()), words
    assert text.index("held, and no number") < text.index("Is the data as it should be?")
