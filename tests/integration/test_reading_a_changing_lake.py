"""Readers of a lake that others change: whole loads, and no failure that asking again mends."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evallake.engines.published import Published
from evallake.engines.vanished import is_vanished
from evallake.errors import QuestionError
from evallake.pinning import pin
from ingest.errors import StoreError
from ingest.lake import Lake
from ingest.lake.compaction import compact
from ingest.lake.vacuum import vacuum
from tests.fixtures.disk import hasty_disk  # noqa: F401  # used by being there
from tests.unit.lake.filled import land

ROUNDS = 30


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake.open(str(tmp_path / "lake"), create=True)


def files(root: object, table: str) -> str:
    return (
        f"read_parquet('{root}/{table}/**/*.parquet', union_by_name = true,"
        " hive_partitioning = true, hive_types_autocast = false)"
    )


def again_and_again(stopped: threading.Event, act: Callable[[int], object]) -> int:
    number = 0
    while not stopped.is_set():
        number += 1
        act(number)
    return number


def test_a_pin_is_never_met_while_it_is_replaced(lake: Lake, tmp_path: Path) -> None:
    """The lake's snapshots are replaced all the time; a build's own copies are read whole."""
    land(lake, "first")
    writer, stopped = Lake.open(lake.root), threading.Event()

    def replace(number: int) -> None:
        if number % 20 == 0:
            land(writer, f"job-{number}")
        writer.refresh_snapshots()

    with ThreadPoolExecutor(1) as pool:
        replacing = pool.submit(again_and_again, stopped, replace)
        try:
            for _ in range(ROUNDS):
                pinned = pin(lake, tmp_path / "pinned")
                folder = pinned.environment["EVALLAKE_SNAPSHOTS"]
                shown = duckdb.sql(f"from {files(folder, 'current_loads')}").fetchall()
                assert {row[1] for row in shown} == {
                    load.load_id for load in pinned.loads if load.state == "current"
                }
                every = duckdb.sql(f"select count(*) from {files(folder, 'loads')}").fetchall()
                assert every == [(len(pinned.loads),)]
        finally:
            stopped.set()
        assert replacing.result() > 5


@pytest.fixture(params=["disk", "s3"])
def opened(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[Lake, duckdb.DuckDBPyConnection]]:
    """A lake, and a connection that can read it."""
    connection = duckdb.connect()
    if request.param == "s3":
        from evallake.engines.s3 import S3Access

        lake = Lake.open(f"s3://{request.getfixturevalue('bucket')}/lake", create=True)
        S3Access(lake.root).open(connection)
        connection.execute("set http_retries = 1")
    else:
        lake = Lake.open(str(tmp_path / "lake"), create=True)
    yield lake, connection
    connection.close()


def test_a_file_that_goes_while_it_is_read_is_known_by_its_refusal(
    opened: tuple[Lake, duckdb.DuckDBPyConnection],
) -> None:
    """What DuckDB says then is not ours: this finds out when it says it otherwise."""
    lake, connection = opened
    sink = io.BytesIO()
    pq.write_table(pa.table({"n": range(300_000)}), sink)
    for number in range(4):
        lake.store.replace(f"examples/{number}.parquet", sink.getvalue())
    connection.execute("set threads = 1")
    connection.execute("set enable_external_file_cache = false")
    question = f"select n from read_parquet('{lake.root}/examples/*.parquet', union_by_name = true)"
    reader = connection.execute(question).to_arrow_reader(1000)
    reader.read_next_batch()
    lake.store.delete_all(["examples/3.parquet"])
    with pytest.raises((duckdb.Error, OSError)) as refused:
        reader.read_all()
    assert is_vanished(str(refused.value)), refused.value


class Question:
    """A published file whose staging view reads a lake that is vacuumed while it is asked."""

    def __init__(self, folder: Path, *, fails: int) -> None:
        self.waited: list[float] = []
        self.left = fails
        self._connection = duckdb.connect()
        self._connection.execute("create table answers as select 42 as answer")
        self.published = Published(self, folder / "p.duckdb", self.waited.append)  # type: ignore[arg-type]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, sql: str) -> Any:
        if sql.startswith("select answer") and self.left:
            self.left -= 1
            raise duckdb.IOException("IO Error: Cannot open file: No such file or directory")
        return self._connection.execute(sql)


def test_a_question_is_asked_again_when_files_went(tmp_path: Path) -> None:
    question = Question(tmp_path, fails=2)
    answer = question.published.ask("select answer from answers")
    assert answer.table.to_pylist() == [{"answer": 42}]
    assert len(question.waited) == 2


def test_where_files_go_all_the_time_that_is_said(tmp_path: Path) -> None:
    question = Question(tmp_path, fails=99)
    with pytest.raises(StoreError, match=r"files of the lake went while they were read"):
        question.published.ask("select answer from answers")
    with pytest.raises(QuestionError):
        question.published.ask("select nothing from nowhere")


def test_readers_see_whole_loads_while_house_is_kept(lake: Lake) -> None:
    """Ingest, compact and vacuum go on without a rest; a reader joins the snapshot all the while."""
    for job in ("a", "b", "c"):
        land(lake, job, examples=4)
    keeper, stopped = Lake.open(lake.root), threading.Event()
    # Rows of a load are in `jobs` once, in `examples` four times; a snapshot names three loads.
    question = (
        "select count(*), count(distinct pin.load_id), (select count(*) from"
        f" (select distinct * from {files(lake.root, 'jobs')}) as source"
        " inner join pin using (job_id, load_id))"
        f" from {files(lake.root, 'examples')} as source inner join pin using (job_id, load_id)"
    )

    def keep_house(number: int) -> None:
        land(keeper, "abc"[number % 3], examples=4, digest=str(number))
        compact(keeper, now=now(), fewest=2)
        vacuum(keeper, now=now(), grace=timedelta(seconds=1))

    seen = 0
    with ThreadPoolExecutor(1) as pool, duckdb.connect() as connection:
        keeping = pool.submit(again_and_again, stopped, keep_house)
        try:
            while seen < ROUNDS:
                assert not keeping.done() or keeping.result()
                pinned = pin(lake, Path(lake.root).parent / "pinned")
                try:
                    rows = connection.execute(
                        f"with pin as (from {files(pinned.folder, 'current_loads')}) {question}"
                    ).fetchall()
                except duckdb.Error as error:
                    assert is_vanished(str(error)), error
                    continue
                shown = [load.load_id for load in pinned.loads if load.state == "current"]
                now_known = lake.folding().loads
                if any(now_known[load_id].state == "vacuumed" for load_id in shown):
                    continue  # this machine was slower than the grace time
                assert rows == [(12, 3, 3)]
                seen += 1
        finally:
            stopped.set()
        assert keeping.result() > 1
