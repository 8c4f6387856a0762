"""What stands beside a bar."""

from __future__ import annotations

from evallake.cli.talk import Rate


def test_a_rate_waits_until_it_is_no_guess() -> None:
    moments = iter([10.0, 10.1, 12.0, 12.0])
    rate = Rate(lambda: next(moments))
    assert rate.told(1000, "rows") == ""
    assert rate.told(3000, "rows") == ", 1,500 rows/s"
    assert rate.told(0, "rows") == ""
