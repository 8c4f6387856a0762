"""Generated pages are not stale, and decision records are whole."""

from __future__ import annotations

import re

import pytest

from evallake.dictionary import PAGE, render_dictionary
from tests.rules.tree import ROOT


def test_data_dictionary_is_what_the_declarations_say() -> None:
    written = (ROOT / PAGE).read_text(encoding="utf-8")
    assert written == render_dictionary(ROOT), "run: make docs"


TESTS = [
    *(ROOT / "tests/unit/statistics").glob("test_*.py"),
    *(ROOT / "tests/integration").glob("test_*.py"),
]
RECORDS = sorted((ROOT / "docs/decisions").glob("[0-9]*.md"))


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.stem)
def test_a_decision_says_why_and_what_else_was_possible(record) -> None:
    text = record.read_text(encoding="utf-8").lower()
    for part in ("context", "decision", "alternatives", "consequences"):
        assert part in text, f"{record.name} has no {part}"


def test_every_statistic_is_held_against_a_test_that_exists() -> None:
    page = (ROOT / "docs/statistics.md").read_text(encoding="utf-8")
    named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", page)
    assert len(named) > 40
    texts = {path.name: path.read_text(encoding="utf-8") for path in TESTS}
    assert [name for file, name in named if f"def {name}(" not in texts.get(file, "")] == []
