"""The wheel works where there is no checkout: it carries the dbt project, the questions and all."""

from __future__ import annotations

from pathlib import Path

from tests.fixtures.shared_demo import SharedDemo


def test_the_demo_runs_from_the_wheel_in_another_directory(wheel_demo: SharedDemo) -> None:
    assert len(wheel_demo.imported_from) == 2
    site = wheel_demo.installed_in
    assert all(Path(name).is_relative_to(site) for name in wheel_demo.imported_from)
    assert wheel_demo.written == [], "the installed package was written to"
    assert "accuracy" in wheel_demo.stdout.lower()
    assert (wheel_demo.demo / "report.html").stat().st_size > 10_000
