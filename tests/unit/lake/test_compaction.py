"""Compaction: fewer files, the same rows for every reader before, during and after."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest.errors import LakeError, OutcomeUnknownError, StoreError
from ingest.lake import Lake, LocalStore
from ingest.lake.compaction import SMALL_TABLES, TableFolded, _fold, _tell, compact
from ingest.lake.vacuum import vacuum
from ingest.tables import JOBS
from tests.unit.lake.filled import land, meanwhile, seen

SEEN = ("jobs", "job_metrics", "examples")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake.open(str(tmp_path / "lake"), create=True)


def now() -> datetime:
    return datetime.now(UTC)


def everything_seen(lake: Lake) -> dict[str, list[tuple[Any, ...]]]:
    return {table: seen(lake, table) for table in SEEN}


def job_files(lake: Lake) -> list[str]:
    keys = (key.removeprefix("jobs/") for key in lake.store.keys("jobs/"))
    return [key for key in keys if key != "_schema.parquet"]


def test_no_reader_sees_another_row_before_during_or_after(lake: Lake) -> None:
    for job in ("a", "b", "c"):
        land(lake, job)
    superseded, held = land(lake, "a", digest="d2"), land(lake, "c", hold=True)
    before = everything_seen(lake)
    assert [len(rows) for rows in before.values()] == [3, 6, 9]

    class Watched(LocalStore):
        """Looks at the lake after every single write and removal."""

        def replace(self, key: str, content: bytes) -> None:
            super().replace(key, content)
            assert everything_seen(lake) == before, key

        def create(self, key: str, content: bytes) -> bool:
            made = super().create(key, content)
            assert everything_seen(lake) == before, key
            return made

        def delete(self, key: str) -> None:
            super().delete(key)
            assert everything_seen(lake) == before, key

    watched = Lake(Watched(Path(lake.root)))
    result = compact(watched, now=now(), fewest=2)
    folded = {table.table: (table.files_before, table.files_after) for table in result.tables}
    assert folded["jobs"] == folded["job_metrics"] == (5, 1)
    assert len(job_files(lake)) == 6
    vacuum(watched, now=now() + timedelta(hours=25))
    assert len(job_files(lake)) == 1
    lake.release("c", reason="checked")
    assert {load.load_id for load in lake.current().values()} >= {superseded, held}
    assert [len(rows) for rows in everything_seen(lake).values()] == [3, 6, 9]


def test_what_lands_later_is_folded_with_the_rest(lake: Lake) -> None:
    for job in ("a", "b"):
        land(lake, job)
    compact(lake, now=now(), fewest=2)
    first = job_files(lake)[-1]
    late = land(lake, "c")
    assert len(seen(lake, "jobs")) == 3
    result = compact(lake, now=now(), fewest=2)
    assert (result.tables[0].files_before, result.tables[0].rows) == (2, 3)
    assert set(lake.folding().replaced) >= {f"jobs/{first}", f"jobs/{late}.parquet"}
    assert len(seen(lake, "jobs")) == 3
    vacuum(lake, now=now() + timedelta(hours=25))
    assert len(job_files(lake)) == 1
    assert job_files(lake) != [first]
    assert lake.folding().replaced == {}


def test_few_files_are_left_alone_and_the_log_is_folded_all_the_same(lake: Lake) -> None:
    land(lake, "a")
    result = compact(lake, now=now())
    assert [(table.files_before, table.rows) for table in result.tables[:2]] == [(1, 0), (1, 0)]
    assert result.events == 1
    assert lake.store.exists("_checkpoint.json.gz")
    assert compact(Lake.open(lake.root), now=now()).events == 1


def test_an_empty_lake_has_nothing_to_fold(lake: Lake) -> None:
    result = compact(lake, now=now())
    assert result.events == 0
    assert {table.files_before for table in result.tables} == {0}
    assert not lake.store.exists("_checkpoint.json.gz")


def test_rows_of_vacuumed_loads_are_left_out_next_time(lake: Lake) -> None:
    gone = land(lake, "a")
    land(lake, "b")
    compact(lake, now=now(), fewest=2)
    lake.drop("a")
    vacuum(lake, now=now() + timedelta(hours=25))
    land(lake, "c")
    compact(lake, now=now(), fewest=2)
    newest = lake.store.keys("jobs/")[-1]
    rows = pq.read_table(Path(lake.root, newest))
    assert gone not in rows["load_id"].to_pylist()
    assert rows["job_id"].to_pylist() == ["b", "c"]


def rewrite(lake: Lake, key: str, change: Callable[[pa.Table], pa.Table]) -> None:
    path = Path(lake.root, key)
    pq.write_table(change(pq.read_table(path)), path)


def test_columns_that_came_later_are_null_in_what_was_folded(lake: Lake) -> None:
    loads = [land(lake, job) for job in ("a", "b")]
    old = f"jobs/{loads[0]}.parquet"
    rewrite(lake, old, lambda rows: rows.drop_columns(["hyperparameters_json", "model_name"]))
    before = seen(lake, "jobs")
    compact(lake, now=now(), fewest=2)
    assert seen(lake, "jobs") == before
    (key,) = lake.folding().loads[loads[0]].facts.tables[0].keys
    folded = pq.read_table(Path(lake.root, key))
    assert folded.schema.names == JOBS.schema.names
    assert folded["model_name"].to_pylist() == [None, "model-b"]


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows.append_column("of_a_later_version", pa.array(["kept"])),
        lambda rows: rows.drop_columns(["model_name"]).append_column("model_name", pa.array([1])),
    ],
    ids=["another column", "another type"],
)
def test_files_of_a_later_version_stay_as_they_are(
    lake: Lake, change: Callable[[pa.Table], pa.Table]
) -> None:
    """Folding them would lose what this version does not know."""
    loads = [land(lake, job) for job in ("a", "b", "c")]
    later = f"jobs/{loads[0]}.parquet"
    rewrite(lake, later, change)
    compact(lake, now=now(), fewest=2)
    vacuum(lake, now=now() + timedelta(hours=25))
    assert lake.folding().loads[loads[0]].facts.tables[0].keys == (later,)
    assert Path(lake.root, later).is_file()
    assert len(job_files(lake)) == 2


@pytest.mark.parametrize(
    "change",
    [lambda rows: rows.slice(1), lambda rows: pa.concat_tables([rows, rows])],
    ids=["a row is missing", "rows are there twice"],
)
def test_a_file_that_is_not_what_the_log_says_is_named_and_nothing_changes(
    lake: Lake, change: Callable[[pa.Table], pa.Table]
) -> None:
    loads = [land(lake, job) for job in ("a", "b")]
    rewrite(lake, f"job_metrics/{loads[1]}.parquet", change)
    folded = len(lake.store.keys("_log/"))
    with pytest.raises(LakeError, match=rf"job_metrics/.*{loads[1]} has \d rows, by the log 2"):
        compact(lake, now=now(), fewest=2)
    assert len(lake.store.keys("_log/")) == folded
    Path(lake.root, f"job_metrics/{loads[1]}.parquet").write_bytes(b"PAR1")
    with pytest.raises(LakeError, match="not readable"):
        compact(lake, now=now(), fewest=2)


class Refusing(LocalStore):
    """A store that refuses one event."""

    def __init__(self, root: Path, error: StoreError) -> None:
        super().__init__(root)
        self._error = error

    def create(self, key: str, content: bytes) -> bool:
        raise self._error


def test_a_refused_event_takes_the_folded_files_away(lake: Lake) -> None:
    for job in ("a", "b"):
        land(lake, job)
    store = Refusing(Path(lake.root), StoreError("full"))
    with pytest.raises(StoreError, match="full"):
        compact(Lake(store), now=now(), fewest=2)
    assert not [key for key in lake.store.keys("jobs/") if "compacted" in key]


def test_where_nobody_knows_whether_the_event_was_written_the_files_stay(lake: Lake) -> None:
    for job in ("a", "b"):
        land(lake, job)
    before = everything_seen(lake)

    class Silent(Refusing):
        def exists(self, key: str) -> bool:
            if key.startswith("_log/"):
                raise StoreError("silence")
            return super().exists(key)

    with pytest.raises(OutcomeUnknownError):
        compact(Lake(Silent(Path(lake.root), StoreError("silence"))), now=now(), fewest=2)
    assert len(job_files(lake)) == 3
    assert everything_seen(lake) == before
    # It was not written: what is left of it is waste, and no reader has noticed.
    result = vacuum(lake, now=now() + timedelta(hours=25))
    assert {waste.reason for waste in result.waste} == {"uncommitted"}
    assert len(job_files(lake)) == 2
    assert everything_seen(lake) == before


def test_two_compactions_at_once_agree(lake: Lake) -> None:
    for job in ("a", "b", "c"):
        land(lake, job)
    before = everything_seen(lake)
    other = Lake.open(lake.root)
    meanwhile(other, lambda: compact(lake, now=now(), fewest=2))
    compact(other, now=now(), fewest=2)
    assert everything_seen(lake) == before
    assert len(job_files(lake)) == 5
    vacuum(lake, now=now() + timedelta(hours=25))
    assert len(job_files(lake)) == 1
    assert everything_seen(lake) == before


def test_what_two_compactions_folded_is_folded_once_by_the_next(lake: Lake) -> None:
    """One began before a job landed that the other folded, and ended last: both files count."""
    for job in ("a", "b"):
        land(lake, job)
    before = tuple(lake.folding().loads.values())
    late = lake.new_load_id()
    folded = [_fold(lake.store, table, before, compaction_id=late) for table in SMALL_TABLES]
    land(lake, "c")
    compact(lake, now=now(), fewest=2)
    _tell(lake, [file for file in folded if file], compaction_id=late, now=now())
    both = everything_seen(lake)
    result = compact(lake, now=now(), fewest=2)
    assert result.tables[0] == TableFolded(table="jobs", files_before=2, files_after=1, rows=3)
    assert everything_seen(lake) == both
    vacuum(lake, now=now() + timedelta(hours=25))
    assert len(job_files(lake)) == 1
    assert everything_seen(lake) == both


def test_a_lake_on_s3_is_folded_too(bucket: str) -> None:
    lake = Lake.open(f"s3://{bucket}/lake", create=True)
    for job in ("a", "b"):
        land(lake, job)
    compact(lake, now=now(), fewest=2)
    fresh = Lake.open(lake.root)
    assert {key for load in fresh.loads() for key in load.keys if key.startswith("jobs/")} == {
        key for key in fresh.store.keys("jobs/") if "compacted" in key
    }


def test_every_small_table_of_a_load_is_folded() -> None:
    names = {table.name for table in SMALL_TABLES}
    assert {"jobs", "job_metrics"} <= names
    assert names.isdisjoint({"loads", "current_loads"})
