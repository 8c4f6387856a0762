"""Loads are held against the suites again, as readers see them: older ones, folded ones, broken ones."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from evallake.demo import write_demo_jobs
from evallake.validation.door import Door
from evallake.validation.landed import Validated, loads_in_sight, validate_loads
from evallake.validation.rows import completed
from ingest.errors import UnknownJobError
from ingest.lake import Lake
from ingest.lake.compaction import compact
from ingest.landing import IngestOptions, ingest_source
from ingest.tables import EXAMPLE_FIELDS, EXAMPLES, JOBS


def now() -> datetime:
    return datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture(scope="module")
def door() -> Door:
    return Door(now=now)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake.open(str(tmp_path / "lake"), create=True)
    for job in write_demo_jobs(tmp_path / "jobs", examples=12):
        ingest_source(str(job.source), lake, options=IngestOptions(workers=1), now=now)
    return lake


def validated(lake: Lake, door: Door, *jobs: str) -> list[Validated]:
    told: list[tuple[int, int, str]] = []

    def tell(done: int, of: int, note: str) -> None:
        told.append((done, of, note))

    found = list(validate_loads(lake, loads_in_sight(lake, jobs), door, told=tell))
    assert [note for _, _, note in told].count("checking") <= len(found)
    assert all(done <= of for done, of, _ in told)
    return found


def test_every_visible_load_is_looked_at_and_the_lake_is_as_it_was(lake: Lake, door: Door) -> None:
    before = {path: path.stat().st_mtime_ns for path in Path(lake.root).rglob("*")}
    found = validated(lake, door)
    assert [one.load.job_id for one in found] == list(lake.current())
    for one in found:
        assert (one.error, one.unmet("critical")) == (None, ())
        assert len(one.outcomes) > 100
    assert {path: path.stat().st_mtime_ns for path in Path(lake.root).rglob("*")} == before


def test_a_dropped_load_is_not_and_an_unknown_one_is_named(lake: Lake, door: Door) -> None:
    first, second = lake.current()
    lake.drop(first)
    assert [one.load.job_id for one in validated(lake, door)] == [second]
    with pytest.raises(UnknownJobError, match="no job 'nobody'"):
        loads_in_sight(lake, ["nobody"])


def test_small_tables_that_loads_share_are_looked_at_load_by_load(lake: Lake, door: Door) -> None:
    compact(lake, now=now(), fewest=2)
    keys = {
        key
        for load in lake.current().values()
        for files in load.facts.tables
        if files.table == JOBS.name
        for key in files.keys
    }
    assert len(keys) == 1
    assert [one.unmet("critical") for one in validated(lake, door)] == [(), ()]


def file_of(lake: Lake, table: str) -> tuple[str, Path]:
    load = next(iter(lake.current().values()))
    (key,) = next(files.keys for files in load.facts.tables if files.table == table)
    return load.job_id, Path(lake.root) / key


def test_a_column_that_an_earlier_version_did_not_know_is_null(lake: Lake, door: Door) -> None:
    job, path = file_of(lake, EXAMPLE_FIELDS.name)
    pq.write_table(pq.ParquetFile(path).read().drop_columns(["rouge_l"]), path)
    (one,) = validated(lake, door, job)
    assert one.unmet("critical") == ()
    rouge = next(o for o in one.outcomes if o.expectation.columns == ("rouge_l",) and o.mostly == 1)
    assert rouge.is_met


def test_a_required_column_that_is_gone_is_not(lake: Lake, door: Door) -> None:
    job, path = file_of(lake, EXAMPLES.name)
    pq.write_table(pq.ParquetFile(path).read().drop_columns(["item_key"]), path)
    (one,) = validated(lake, door, job)
    assert "expect_table_columns" in one.unmet("critical")[0].expectation.key


def test_columns_of_nobody_are_not_completed() -> None:
    schema = EXAMPLES.schema
    assert completed(EXAMPLES.name, schema) == schema
    strange = schema.set(0, schema.field(0).with_name("strange"))
    assert completed(EXAMPLES.name, strange) == strange


@pytest.mark.parametrize("damage", ["removed", "cut short", "something else"])
def test_a_load_that_cannot_be_read_says_so_and_stops_no_other(
    lake: Lake, door: Door, damage: str
) -> None:
    job, path = file_of(lake, EXAMPLES.name)
    if damage == "removed":
        path.unlink()
    elif damage == "cut short":
        path.write_bytes(path.read_bytes()[:-100])
    else:
        path.write_bytes(b"not Parquet")
    broken, whole = validated(lake, door)
    assert broken.load.job_id == job
    assert "cannot be read" in str(broken.error)
    assert "\n" not in str(broken.error)
    assert (whole.error, whole.unmet("critical")) == (None, ())


@pytest.fixture(autouse=True)
def _no_scratch_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    yield
    assert list(scratch.glob("evallake-landed-*")) == []
