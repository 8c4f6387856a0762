"""Many writers, one lake: each job ends with one current load, and readers see whole ones."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import ingest.landing as landing
from ingest.aws.addresses import S3Address
from ingest.errors import IdentityError, UnknownJobError
from ingest.lake import Lake
from ingest.lake.s3 import S3Store
from ingest.landing import IngestOptions, Silence, ingest_source
from tests.fixtures.disk import hasty_disk  # noqa: F401  # used by being there
from tests.fixtures.invariants import violations
from tests.fixtures.places import OnDisk, OnS3, Place
from tests.fixtures.runs import MadeRun, no_source, row
from tests.unit.lake.make import ticking

ROUNDS = 3
TIME = "20251106T175852Z"


def made_run(source: Any, **_: Any) -> list[MadeRun]:
    """The run that an address like `tickets/2/0` stands for: job, writer, round."""
    job, writer, _number = source.uri.split("/")
    return [
        MadeRun([row(n) for n in range(5 + int(writer))], run_name=job, content=source.uri),
    ]


@pytest.fixture(autouse=True)
def made_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landing, "open_source", no_source)
    monkeypatch.setattr(landing, "find_runs", made_run)


def land(root: str, job: str, writer: int) -> list[str]:
    """What one writer does: the same job again and again, other content each time."""
    load_ids = []
    for number in range(ROUNDS):
        (result,) = ingest_source(
            f"{job}/{writer}/{number}",
            Lake.open(root),
            options=IngestOptions(workers=1),
            now=ticking(),
        )
        assert result.outcome == "landed"
        load_ids.append(result.load_id)
    return load_ids


def visible(root: str) -> pa.Table:
    """The snapshot as one reader that opens it once sees it."""
    snapshot = Path(root, "current_loads/current_loads.parquet").read_bytes()
    return pq.read_table(io.BytesIO(snapshot))


def assert_whole(root: str) -> None:
    """Every load that the snapshot shows is there in all tables, and one per job."""
    shown = visible(root).to_pylist()
    for load in shown:
        for table in ("examples", "example_metrics"):
            parts = Path(root, table).glob(f"job_id={load['job_id']}/load_id={load['load_id']}/*")
            assert sum(pq.read_metadata(part).num_rows for part in parts) == load["rows_landed"]
    assert len({load["job_id"] for load in shown}) == len(shown)


@pytest.mark.parametrize("jobs", [["tickets"], ["tickets", "other"]])
def test_many_writers_and_a_reader(tmp_path: Path, jobs: list[str]) -> None:
    root = str(tmp_path / "lake")
    lake = Lake.open(root, create=True)
    looks = 0
    with ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(land, root, jobs[n % len(jobs)], n) for n in range(4)]
        while not all(writer.done() for writer in writers):
            assert_whole(root)
            looks += 1
            time.sleep(0.01)  # leave the processor to those who are looked at
        written = [load_id for writer in writers for load_id in writer.result()]
    assert looks > 0
    states = {load.load_id: load.state for load in lake.loads()}
    assert set(states) == set(written)
    assert Counter(states.values()) == {
        "current": len(jobs),
        "superseded": 4 * ROUNDS - len(jobs),
    }
    # The last snapshot has seen every event.
    current = {load.load_id for load in lake.current().values()}
    assert set(visible(root)["load_id"].to_pylist()) == current
    assert_whole(root)


def test_dropping_while_others_ingest(tmp_path: Path) -> None:
    root = str(tmp_path / "lake")
    lake = Lake.open(root, create=True)
    land(root, "tickets", 0)

    def move() -> int:
        mover = Lake.open(root)
        done = 0
        for _ in range(ROUNDS):
            for act in (mover.drop, mover.restore):
                try:
                    act(f"tickets-{TIME}")
                    done += 1
                except UnknownJobError:
                    pass  # a commit came in between and the job is visible already
        return done

    with ThreadPoolExecutor(2) as pool:
        landed = pool.submit(land, root, "tickets", 1)
        moved = pool.submit(move)
        assert len(landed.result()) == ROUNDS
        assert moved.result() > 0
    states = Counter(load.state for load in lake.loads())
    assert states["current"] + states["dropped"] == 1
    assert states["superseded"] == 2 * ROUNDS - 1
    shown = visible(root).num_rows
    assert shown == states["current"]


class Meanwhile(Silence):
    """Has something happen when a run's files are in place and its event is not written yet."""

    def __init__(self, act: Callable[[], object]) -> None:
        self._act = act

    def stage(self, name: str) -> None:
        if name == "committing":
            self._act()


def test_the_same_files_under_two_names_at_once(tmp_path: Path) -> None:
    """Who comes second is told so, and leaves nothing: no row is counted twice."""
    root = str(tmp_path / "lake")
    Lake.open(root, create=True)

    def bring(name: str, progress: Silence) -> None:
        options = IngestOptions(workers=1, job_id=name)
        ingest_source("a/1/0", Lake.open(root), options=options, now=ticking(), progress=progress)

    with pytest.raises(IdentityError, match="the files of second are in this lake as first"):
        bring("second", Meanwhile(lambda: bring("first", Silence())))
    assert list(Lake.open(root).current()) == ["first"]
    assert not list(Path(root).rglob("job_id=second"))
    assert violations(root, is_up_to_date=True) == []


IN_A_PROCESS = """
import sys
import ingest.landing as landing
from tests.fixtures.runs import no_source
from tests.integration.test_lake_concurrency import land, made_run

landing.open_source, landing.find_runs = no_source, made_run
print("ready", flush=True)
sys.stdin.readline()
print(*land(sys.argv[1], "tickets", int(sys.argv[2])), flush=True)
"""


@pytest.mark.parametrize("keeper", ["disk", "s3"])
def test_two_processes_at_once_on_one_job(
    keeper: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    if keeper == "s3":
        bucket = request.getfixturevalue("bucket")
        root = f"s3://{bucket}/lake"
        place: Place = OnS3(request.getfixturevalue("s3"), S3Address(bucket, "lake"), tmp_path)
    else:
        root = str(tmp_path / "lake")
        place = OnDisk(Path(root))
    lake = Lake.open(root, create=True)
    repository = Path(__file__).parents[2]
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", IN_A_PROCESS, root, str(number)],
            cwd=repository,
            env=os.environ | {"PYTHONPATH": str(repository)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in (1, 2)
    ]
    try:
        for writer in writers:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
        told = []
        for writer in writers:
            assert writer.stdin is not None
            writer.stdin.write("go\n")
            writer.stdin.flush()
        for writer in writers:
            told.append(writer.communicate(timeout=120)[0].split())
    finally:
        for writer in writers:
            writer.kill()
            writer.wait()
    assert [len(load_ids) for load_ids in told] == [ROUNDS, ROUNDS]
    assert {load.load_id for load in lake.loads()} == {*told[0], *told[1]}
    assert Counter(load.state for load in lake.loads()) == {
        "current": 1,
        "superseded": 2 * ROUNDS - 1,
    }
    assert_whole(str(place.folder()))


def test_duckdb_never_reads_two_versions_of_a_snapshot_at_once(s3: Any, bucket: str) -> None:
    """A reader of a bucket meets many replacements: a read is of one version, or it fails."""
    import duckdb

    from evallake.engines.s3 import S3Access

    versions = [{"n": [size] * size, "text": [f"version {size}"] * size} for size in (3, 4000)]
    contents = []
    for version in versions:
        sink = io.BytesIO()
        pq.write_table(pa.table(version), sink)
        contents.append(sink.getvalue())
    store = S3Store(S3Address(bucket, "lake"))
    store.replace("current_loads/current_loads.parquet", contents[0])
    stopped = threading.Event()

    def replace_again_and_again() -> int:
        number = 0
        while not stopped.is_set():
            number += 1
            store.replace("current_loads/current_loads.parquet", contents[number % 2])
        return number

    connection = duckdb.connect()
    S3Access(f"s3://{bucket}/lake").open(connection)
    connection.execute("set http_retries = 1")
    question = (
        "select n, text, count(*) from"
        f" read_parquet('s3://{bucket}/lake/current_loads/**/*.parquet') group by all"
    )
    seen: Counter[int] = Counter()
    with ThreadPoolExecutor(1) as pool:
        writer = pool.submit(replace_again_and_again)
        try:
            for _ in range(25):
                try:
                    ((size, text, rows),) = connection.sql(question).fetchall()
                except (duckdb.Error, UnicodeDecodeError):
                    continue  # what DuckDB says of a footer that is none need not be a text
                assert (text, rows) == (f"version {size}", size)
                seen[size] += 1
        finally:
            stopped.set()
        assert writer.result() > 5
    connection.close()
    assert seen.total() > 0
