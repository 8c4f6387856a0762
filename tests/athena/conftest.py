"""The rig for tests: one for the whole run, and what it said beside each failure.

Without Java or Maven every test that needs the rig is skipped, and the end of the run says loudly
what is missing and what was not proven. EVALLAKE_RIG_REQUIRED=1 makes that an error instead.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.athena.rig import MissingToolError, SharedRig, shared_rig

SAID = "said"
"""Property of a test's report that is printed at the end of the run: what was compared, and how."""

_missing = pytest.StashKey[str]()
_log = pytest.StashKey[Path]()
_seen = pytest.StashKey[int]()


@pytest.fixture(scope="session")
def rig(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[SharedRig]:
    """A running rig; while it lasts, every AWS client of this process talks to it."""
    base = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        base = base.parent  # the same for all workers of a run
    try:
        shared = shared_rig(base / "rig")
    except MissingToolError as missing:
        if os.environ.get("EVALLAKE_RIG_REQUIRED") == "1":
            raise
        request.config.stash[_missing] = str(missing)
        pytest.skip(str(missing))
    if shared.log:
        request.config.stash[_log] = shared.log
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name, value in shared.variables.items():
            patch.setenv(name, value)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield shared
    shared.release()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Remembers how much the rig had said before this test."""
    log = item.config.stash.get(_log, None)
    item.stash[_seen] = log.stat().st_size if log else 0


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Shows beside a failure which statements failed meanwhile, and why."""
    outcome: Any = yield
    report = outcome.get_result()
    log = item.config.stash.get(_log, None)
    if report.failed and log:
        with log.open("rb") as said:
            said.seek(item.stash.get(_seen, 0))
            text = said.read().decode(errors="replace")
        if text.strip():
            report.sections.append(("what the rig said during this test", text[-8000:]))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Says at the end what was compared, and what was not proven for want of Java or Maven."""
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    said = [text for report in reports for name, text in report.user_properties if name == SAID]
    if said:
        terminalreporter.section("what both engines were asked")
        for text in said:
            terminalreporter.write_line(text)
    reason = config.stash.get(_missing, "")
    skipped = terminalreporter.stats.get("skipped", [])
    if not reason:  # workers of xdist report to a process that has no rig itself
        # A skip is told as (file, line, "Skipped: reason").
        texts = (report.longrepr[2] for report in skipped if isinstance(report.longrepr, tuple))
        found = (text for text in texts if "Not proven without it" in text)
        reason = next(found, "").removeprefix("Skipped: ")
    if reason:
        terminalreporter.section("NOTHING WAS PROVEN ON ATHENA'S ENGINE", red=True, bold=True)
        terminalreporter.write_line(reason, red=True)
