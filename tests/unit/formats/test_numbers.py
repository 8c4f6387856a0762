"""Numbers of documents: columns get none that they cannot hold."""

from __future__ import annotations

import pytest

from ingest.formats.numbers import count_of, number_of, whole_of

ENDLESS = int("9" * 400)


@pytest.mark.parametrize("value", [-1, ENDLESS, 1.0, "1", True, None, float("nan")])
def test_what_is_no_count(value: object) -> None:
    assert count_of(value) is None


@pytest.mark.parametrize(
    "value", [ENDLESS, "9" * 400, float("nan"), "inf", True, None, [], "1,5", "\ud800"]
)
def test_what_is_no_number(value: object) -> None:
    assert number_of(value) is None


@pytest.mark.parametrize("value", [0.5, 1e300, -1e300, float("inf"), float("nan"), None])
def test_what_is_not_whole(value: float | None) -> None:
    assert whole_of(value) is None


def test_what_is() -> None:
    assert (count_of(0), count_of(1 << 53)) == (0, 1 << 53)
    assert [number_of(value) for value in (1, "1e-3", -0.25)] == [1.0, 0.001, -0.25]
    assert [whole_of(value) for value in (3.0, -4.0)] == [3, -4]
