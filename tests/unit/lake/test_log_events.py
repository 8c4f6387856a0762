"""What happens to a lake is told to the process's own log."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from ingest.errors import StoreError
from ingest.lake import Lake
from tests.fixtures.disk import hasty_disk
from tests.unit.lake.make import facts

__all__ = ["hasty_disk"]


def test_events_of_the_lake_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="ingest.lake")
    lake = Lake.open(str(tmp_path / "lake"), create=True)
    load_id = lake.new_load_id()
    lake.commit("job", load_id, facts())
    lake.drop("job", reason="wrong checkpoint")
    told = [(record.getMessage(), vars(record)) for record in caplog.records]
    assert [message for message, _ in told] == [
        "commit: event 1 of the lake's log",
        "drop: event 2 of the lake's log",
    ]
    assert {(fields["job_id"], fields["load_id"]) for _, fields in told} == {("job", load_id)}
    assert told[1][1]["reason"] == "wrong checkpoint"


def test_a_refusal_of_the_disk_is_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lake = Lake.open(str(tmp_path / "lake"), create=True)
    with pytest.raises(StoreError):
        lake.store.read("examples/nothing")
    [record] = caplog.records
    assert (record.levelno, vars(record)["doing"]) == (logging.WARNING, "read")
