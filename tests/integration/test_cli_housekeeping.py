"""From a dropped job to one that is gone, and a lake of many small files folded: as people do it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import ingest.landing as landing
from evallake.build import only_build, working_files
from evallake.catalogue import list_jobs
from evallake.cli import cli
from evallake.config import configure
from ingest.errors import StoreError
from ingest.lake import Lake, LocalStore
from ingest.lake.vacuum import vacuum
from ingest.landing import IngestOptions, ingest_source
from tests.fixtures.disk import hasty_disk  # noqa: F401  # used by being there
from tests.fixtures.runs import MadeRun, no_source, row
from tests.unit.lake.filled import files_of, land

Run = Callable[..., Result]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake.open(str(tmp_path / "lake"), create=True)


@pytest.fixture
def run(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> Run:
    for name in ("EVALLAKE_ROOT", "EVALLAKE_DUCKDB", "EVALLAKE_GRACE"):
        monkeypatch.delenv(name, raising=False)

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(cli, ["--root", lake.root, *arguments])

    return invoke


def told(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def states(run: Run) -> dict[str, str]:
    return {row["job_id"]: row["state"] for row in told(run("jobs", "--all", "--format", "json"))}


def test_a_job_is_dropped_restored_dropped_and_gone(lake: Lake, run: Run) -> None:
    load_id = land(lake, "tickets")
    assert run("drop", "tickets", "--reason", "wrong checkpoint").exit_code == 0
    assert states(run) == {"tickets": "dropped"}

    assert told(run("vacuum", "--format", "json"))["files"] == 0  # dropped just now
    assert run("restore", "tickets").exit_code == 0
    assert states(run) == {"tickets": "current"}

    run("drop", "tickets", "--reason", "wrong again")
    dry = told(run("vacuum", "--grace", "0", "--dry-run", "--format", "json"))
    assert (dry["dry_run"], dry["files"]) == (True, 3)
    assert len(files_of(lake, load_id)) == 3
    real = told(run("vacuum", "--grace", "0", "--format", "json"))
    assert (real["dry_run"], real["waste"]) == (False, dry["waste"])
    (waste,) = real["waste"]
    assert (waste["job_id"], waste["identifier"], waste["reason"]) == ("tickets", load_id, "hidden")
    assert files_of(lake, load_id) == []

    refused = run("restore", "tickets")
    assert refused.exit_code == 3
    assert "it is vacuumed" in refused.stderr
    assert "cannot come back: ingest them again" in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert states(run) == {"tickets": "vacuumed"}
    described = told(run("show", "tickets", "--format", "json"))
    assert (described["state"], described["reason"]) == ("vacuumed", "wrong again")


@pytest.fixture
def made_runs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    run = MadeRun([row(number) for number in range(3)], run_name="tickets")
    monkeypatch.setattr(landing, "open_source", no_source)
    monkeypatch.setattr(landing, "find_runs", lambda *_, **__: [run])
    yield


@pytest.mark.usefixtures("made_runs")
def test_what_is_ingested_again_is_restored_or_lands_anew(lake: Lake, run: Run) -> None:
    def ingest() -> tuple[str, str]:
        (result,) = ingest_source(
            "tickets", lake, options=IngestOptions(workers=1), now=lambda: datetime.now(UTC)
        )
        return result.outcome, result.job_id

    outcome, job = ingest()
    assert outcome == "landed"
    run("drop", job)
    assert ingest() == ("restored", job)
    run("drop", job)
    run("vacuum", "--grace", "0")
    assert ingest() == ("landed", job)
    assert [load.state for load in lake.loads()] == ["vacuumed", "current"]
    assert ingest() == ("unchanged", job)


def test_small_files_are_folded_and_the_list_stays_the_same(lake: Lake, run: Run) -> None:
    for number in range(9):
        land(lake, f"job-{number}")
    before = told(run("jobs", "--format", "json"))
    shown = told(run("show", "job-3", "--format", "json"))
    compacted = told(run("compact", "--format", "json"))
    assert compacted["events"] == 10  # the compaction's own is in it too
    folded = {table["table"]: table for table in compacted["tables"]}
    assert folded["jobs"] == {"table": "jobs", "files_before": 9, "files_after": 1, "rows": 9}
    assert told(run("jobs", "--format", "json")) == before
    assert told(run("show", "job-3", "--format", "json")) == shown
    removed = run("vacuum", "--grace", "0")
    assert "files that were folded into others" in removed.stdout
    assert "removed 18 files" in removed.stderr
    assert told(run("jobs", "--format", "json")) == before
    assert told(run("show", "job-3", "--format", "json")) == shown


def test_the_list_is_whole_when_a_vacuum_comes_in_between(lake: Lake) -> None:
    land(lake, "tickets")
    land(lake, "tickets", digest="d2")
    other = Lake.open(lake.root)

    class Slow(LocalStore):
        """Somebody vacuums while the first file is about to be read."""

        def read(self, key: str) -> bytes:
            if key.startswith("jobs/"):
                vacuum(other, now=datetime.now(UTC), grace=timedelta(0))
            return super().read(key)

    listed = list_jobs(Lake(Slow(Path(lake.root))), hidden=True)
    assert listed["state"].to_pylist() == ["vacuumed", "current"]
    assert listed["model_name"].to_pylist() == [None, "model-tickets"]
    Path(lake.root, lake.loads()[1].facts.tables[0].keys[0]).unlink()
    with pytest.raises(StoreError, match="cannot read this"):
        list_jobs(lake)


def test_what_a_killed_build_left_goes_unless_one_is_under_way(lake: Lake, run: Run) -> None:
    config = configure(lake.root, environ={})
    working, wal, spilled = working_files(config)
    spilled.mkdir(parents=True)
    for path in (working, wal, spilled / "block"):
        path.write_bytes(b"123")
    with only_build(config):
        assert told(run("vacuum", "--format", "json"))["builds"] == []
    assert len(told(run("vacuum", "--dry-run", "--format", "json"))["builds"]) == 3
    assert working.exists()
    builds = told(run("vacuum", "--format", "json"))["builds"]
    assert [(build["path"], build["bytes"]) for build in builds] == [
        (str(working), 3),
        (str(wal), 3),
        (str(spilled), 3),
    ]
    assert not any(path.exists() for path in (working, wal, spilled))
    assert told(run("vacuum", "--format", "json"))["builds"] == []


def test_a_mistyped_lake_is_not_made(tmp_path: Path) -> None:
    for verb in ("vacuum", "compact"):
        done = CliRunner().invoke(cli, ["--root", str(tmp_path / "nowhere"), verb])
        assert done.exit_code == 4
        assert "there is no lake here" in done.stderr
    assert list(tmp_path.iterdir()) == []
