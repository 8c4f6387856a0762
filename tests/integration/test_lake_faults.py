"""Nothing is ever half visible: a store that fails at any call, a process killed at any call."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

import ingest.landing as landing
from ingest.aws.addresses import S3Address
from ingest.errors import IngestError, OutcomeUnknownError
from ingest.lake import Lake, LocalStore
from ingest.lake.s3 import S3Store
from ingest.landing import IngestOptions, LandingResult, ingest_source
from ingest.tables import DATA_TABLES
from tests.fixtures.disk import hasty_disk  # noqa: F401  # used by being there
from tests.fixtures.faulty import (
    CALLS,
    MANNERS,
    REQUEST_FAULTS,
    WRITES,
    Faulty,
    RequestFault,
    faulty_requests,
    sampled,
)
from tests.fixtures.invariants import violations
from tests.fixtures.places import OnDisk, OnS3, Place
from tests.fixtures.runs import SMALL, MadeRun, no_source, row
from tests.unit.lake.make import ticking

OLD = MadeRun(SMALL)
NEW = MadeRun([row(n) for n in range(9)], content="2")
JOB = "tickets-20251106T175852Z"
ROWS = {"old": 6, "new": 9}


def ingest(store: Any, **options: Any) -> LandingResult:
    (result,) = ingest_source(
        "job/output.tar.gz",
        Lake(store, now=ticking()),
        options=IngestOptions(workers=1, **options),
        now=ticking(),
    )
    return result


@pytest.fixture(autouse=True)
def made_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landing, "open_source", no_source)
    monkeypatch.setattr(landing, "find_runs", lambda *_, **__: [NEW])


@pytest.fixture
def template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lake that holds the job's old load; tests copy it."""
    folder = tmp_path / "template"
    Lake.open(str(folder), create=True, now=ticking())
    with monkeypatch.context() as patch:
        patch.setattr(landing, "find_runs", lambda *_, **__: [OLD])
        ingest(LocalStore(folder))
    return folder


@pytest.fixture(params=["disk", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """An empty lake on a disk or in a bucket."""
    if request.param == "disk":
        root = tmp_path / "empty"
        Lake.open(str(root), create=True, now=ticking())
        return OnDisk(root)
    bucket, s3 = request.getfixturevalue("bucket"), request.getfixturevalue("s3")
    Lake.open(f"s3://{bucket}/empty", create=True, now=ticking())
    return OnS3(s3, S3Address(bucket, "empty"), tmp_path)


def calls_that_count(place: Place) -> tuple[str, ...]:
    """On a bucket only writes, since what a reading call does is the same everywhere."""
    return CALLS if isinstance(place, OnDisk) else WRITES


def visible_rows(root: Path, table: str, *, snapshot: bool) -> int:
    """Rows of the job's visible load, by the log itself or by the snapshot that SQL reads."""
    if snapshot:
        loads = f"select load_id from '{root}/current_loads/current_loads.parquet'"
        load_ids = [load_id for (load_id,) in duckdb.sql(loads).fetchall()]
    else:
        load_ids = [load.load_id for load in Lake(LocalStore(root)).current().values()]
    assert len(load_ids) == 1
    query = (
        f"select count(*) from read_parquet('{root}/{table}/**/*.parquet', union_by_name = true,"
        f" hive_partitioning = true, hive_types_autocast = false) where load_id = '{load_ids[0]}'"
    )
    return int(duckdb.sql(query).fetchall()[0][0])


def assert_whole(root: Path) -> str:
    """Old or new, the same in every table, and every file of every load in its place."""
    lake = Lake(LocalStore(root))
    for load in lake.loads():
        for table in load.facts.tables:
            assert all(lake.store.exists(key) for key in table.keys)
    shown = set()
    for snapshot in (False, True):
        rows = visible_rows(root, "examples", snapshot=snapshot)
        shown.add(rows)
        for table in ("example_metrics", "example_metadata"):
            assert visible_rows(root, table, snapshot=snapshot) == rows
        assert visible_rows(root, "jobs", snapshot=snapshot) == 1
    by_log = visible_rows(root, "examples", snapshot=False)
    assert shown <= set(ROWS.values())
    return next(name for name, rows in ROWS.items() if rows == by_log)


def examples_shown(root: Path) -> int:
    """Examples of the job's visible load, as it was committed."""
    (load,) = Lake(LocalStore(root)).current().values()
    return load.facts.accounting.landed


def orphans(root: Path) -> list[str]:
    """Files of data tables that no event of the log refers to."""
    lake = Lake(LocalStore(root))
    known = {k for load in lake.loads() for table in load.facts.tables for k in table.keys}
    keys = [key for table in DATA_TABLES for key in lake.store.keys(f"{table.name}/")]
    return [key for key in keys if key not in known and "_schema" not in key]


@pytest.mark.parametrize("manner", MANNERS)
def test_a_store_that_fails_at_any_call_leaves_the_old_load_or_the_new_one(
    place: Place, manner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(landing, "find_runs", lambda *_, **__: [OLD])
        ingest(place.store())
    with_nothing_wrong = Faulty(
        place.copy("counted").store(), fail_at=0, manner=manner, counted=calls_that_count(place)
    )
    ingest(with_nothing_wrong, force=True)
    assert with_nothing_wrong.calls >= 10
    calls = range(1, with_nothing_wrong.calls + 1)
    for call in sampled(calls, offset=MANNERS.index(manner), stride=8):
        copy = place.copy(str(call))
        store = Faulty(copy.store(), fail_at=call, manner=manner, counted=calls_that_count(copy))
        try:
            ingest(store, force=True)
        except IngestError as failure:
            left = [note for note in getattr(failure, "__notes__", ()) if "left behind" in note]
            if not left and not isinstance(failure, OutcomeUnknownError):
                assert orphans(copy.folder()) == []
        root = copy.folder()
        assert violations(str(root)) == []
        assert examples_shown(root) in ROWS.values()
        # A re-run completes, whatever was left.
        assert ingest(copy.store()).outcome in ("landed", "unchanged")
        root = copy.folder()
        assert violations(str(root), is_up_to_date=True) == []
        assert examples_shown(root) == ROWS["new"]


@pytest.mark.parametrize("fault", REQUEST_FAULTS)
@pytest.mark.parametrize("place", ["s3"], indirect=True)
def test_a_request_that_goes_wrong_is_made_good(
    place: OnS3, fault: RequestFault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One bad answer of S3 is asked for again, and the load lands as if nothing had been."""
    with faulty_requests(monkeypatch, fail_at=0, fault=fault) as counting:
        ingest(S3Store(place.copy("counted").address))
    assert counting.requests > 15
    requests = range(1, counting.requests + 1)
    for request in sampled(requests, offset=len(fault), stride=12):
        copy = place.copy(f"request-{request}")
        with faulty_requests(monkeypatch, fail_at=request, fault=fault):
            assert ingest(S3Store(copy.address)).outcome == "landed"
        root = copy.folder()
        assert violations(str(root), is_up_to_date=True) == []
        assert examples_shown(root) == ROWS["new"]


def test_a_first_load_that_fails_is_not_seen_at_all(place: Place) -> None:
    counting = Faulty(
        place.copy("counted").store(), fail_at=0, manner="before", counted=calls_that_count(place)
    )
    ingest(counting)
    for call in sampled(range(1, counting.calls + 1), offset=2, stride=8):
        copy = place.copy(str(call))
        store = Faulty(copy.store(), fail_at=call, manner="before", counted=calls_that_count(copy))
        with contextlib.suppress(IngestError):
            ingest(store)
        root = copy.folder()
        assert violations(str(root)) == []
        if Lake(LocalStore(root)).loads():
            assert visible_rows(root, "examples", snapshot=False) == ROWS["new"]
        else:
            assert orphans(root) == []


KILLED = """
import os, shutil, signal, sys
from pathlib import Path
import ingest.landing as landing
from ingest.examples.assemble import build_tables
from ingest.lake import LocalStore
from tests.fixtures.runs import SMALL, batch, no_source
from tests.integration.test_lake_faults import NEW, Faulty, ingest

class Killed(Faulty):
    def _call(self, name, *args, **options):
        self.calls += 1
        if self.calls == self._fail_at and self._manner == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        answer = getattr(self._store, name)(*args, **options)
        if self.calls == self._fail_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

build_tables(batch(SMALL))  # kernels are loaded once, not by every child
landing.open_source = no_source
landing.find_runs = lambda *_, **__: [NEW]
template, scratch, manner = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
for call in range(1, 200):
    root = shutil.copytree(template, scratch / str(call))
    if os.fork() == 0:
        store = Killed(LocalStore(root), fail_at=call, manner=manner)
        ingest(store, force=True)
        os._exit(0 if store.calls < call else 1)
    _, status = os.wait()
    print(os.WTERMSIG(status) if os.WIFSIGNALED(status) else -os.WEXITSTATUS(status), flush=True)
    if not os.WIFSIGNALED(status):
        break
"""


@pytest.mark.parametrize("manner", ["before", "after"])
def test_a_process_killed_at_any_call_leaves_the_old_load_or_the_new_one(
    template: Path, tmp_path: Path, manner: str
) -> None:
    """One child is forked for every store call and kills itself there, each in its own lake."""
    repository = Path(__file__).parents[2]
    scratch = tmp_path / "killed"
    scratch.mkdir()
    told = subprocess.run(
        [sys.executable, "-c", KILLED, str(template), str(scratch), manner],
        cwd=repository,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=300,
        env=os.environ | {"PYTHONPATH": str(repository)},
    )
    *kills, last = map(int, told.stdout.split())
    assert set(kills) == {signal.SIGKILL}
    assert last == 0
    assert len(kills) > 10
    seen = []
    for call in range(1, len(kills) + 1):
        root = scratch / str(call)
        seen.append(assert_whole(root))
        assert ingest(LocalStore(root)).outcome in ("landed", "unchanged")
        assert assert_whole(root) == "new"
        assert visible_rows(root, "examples", snapshot=True) == ROWS["new"]
    assert seen[0] == "old"
    assert seen[-1] == "new"
    assert seen == sorted(seen, reverse=True)  # from the old to the new at one instant
