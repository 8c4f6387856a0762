"""Vacuum: what goes, what stays, and whoever acts at the same moment."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ingest.errors import LakeError, StoreError, UnknownJobError
from ingest.lake import Lake, LocalStore
from ingest.lake.compaction import compact
from ingest.lake.events import Vacuumed
from ingest.lake.vacuum import VacuumResult, vacuum
from tests.unit.lake.filled import facts_of, files_of, land, meanwhile, put_files

DAY = timedelta(hours=24)


@pytest.fixture(params=["disk", "s3"])
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    if request.param == "s3":
        return Lake.open(f"s3://{request.getfixturevalue('bucket')}/lake", create=True)
    return Lake.open(str(tmp_path / "lake"), create=True)


@pytest.fixture
def disk(tmp_path: Path) -> Lake:
    return Lake.open(str(tmp_path / "lake"), create=True)


def later(hours: float = 25) -> datetime:
    """So long after everything that was written just now."""
    return datetime.now(UTC) + timedelta(hours=hours)


def states(lake: Lake) -> dict[str, str]:
    return {load.load_id: load.state for load in lake.loads()}


def reasons(result: VacuumResult) -> dict[str, str]:
    return {waste.identifier: waste.reason for waste in result.waste}


def test_hidden_loads_go_after_the_grace_time_and_not_before(lake: Lake) -> None:
    old, new = land(lake, "a"), land(lake, "a", digest="d2")
    dropped, held = land(lake, "b"), land(lake, "c", hold=True)
    lake.drop("b")
    assert vacuum(lake, now=later(23)).waste == ()
    assert states(lake)[old] == "superseded"

    result = vacuum(lake, now=later(25))
    assert reasons(result) == {old: "hidden", dropped: "hidden"}
    assert {waste.job_id for waste in result.waste} == {"a", "b"}
    assert result.files == 6
    assert states(lake) == {old: "vacuumed", new: "current", dropped: "vacuumed", held: "held"}
    assert files_of(lake, old) == files_of(lake, dropped) == []
    assert len(files_of(lake, new)) == len(files_of(lake, held)) == 3
    assert states(Lake.open(lake.root)) == states(lake)


def test_a_second_vacuum_finds_nothing_and_writes_no_event(lake: Lake) -> None:
    land(lake, "a")
    land(lake, "a", digest="d2")
    vacuum(lake, now=later())
    events = lake.store.keys("_log/")
    again = vacuum(lake, now=later())
    assert (again.waste, again.leftovers, again.kept) == ((), (), ())
    assert lake.store.keys("_log/") == events


def test_a_dry_run_changes_nothing_and_says_what_would_go(lake: Lake) -> None:
    old = land(lake, "a")
    land(lake, "a", digest="d2")
    before = {stored.key: stored for stored in lake.store.listed("")}
    dry = vacuum(lake, now=later(), dry_run=True)
    assert {stored.key: stored for stored in lake.store.listed("")} == before
    assert reasons(dry) == {old: "hidden"}
    real = vacuum(lake, now=later())
    assert (dry.waste, dry.leftovers) == (real.waste, real.leftovers)


def test_what_is_vacuumed_cannot_be_restored_and_is_said_to_be_gone(lake: Lake) -> None:
    land(lake, "a")
    lake.drop("a")
    vacuum(lake, now=later())
    with pytest.raises(UnknownJobError, match=r"not dropped, it is vacuumed; .*ingest them again"):
        lake.restore("a")
    with pytest.raises(UnknownJobError, match="not current, it is vacuumed"):
        lake.drop("a")
    again = land(lake, "a")
    assert states(lake)[again] == "current"
    assert lake.drop("a").load_id == again
    assert lake.restore("a").load_id == again


def test_a_job_restored_just_before_the_event_keeps_its_files(disk: Lake) -> None:
    load_id = land(disk, "a")
    disk.drop("a")
    other = Lake.open(disk.root)
    meanwhile(disk, lambda: other.restore("a"))
    result = vacuum(disk, now=later())
    assert result.waste == ()
    assert result.kept == (load_id,)
    assert states(disk)[load_id] == "current"
    assert len(files_of(disk, load_id)) == 3


def test_a_job_vacuumed_just_before_a_restore_stays_gone(disk: Lake) -> None:
    load_id = land(disk, "a")
    disk.drop("a")
    late = Lake.open(disk.root)
    meanwhile(late, lambda: vacuum(disk, now=later()))
    with pytest.raises(UnknownJobError, match=r"was vacuumed by somebody else.*ingest them again"):
        late.restore("a")
    assert states(late)[load_id] == "vacuumed"
    assert late.current() == {}


def test_files_that_no_event_tells_of_go_when_the_youngest_is_old(lake: Lake) -> None:
    land(lake, "a")
    killed = lake.new_load_id()
    put_files(lake.store, "b", killed)
    assert vacuum(lake, now=later(23)).waste == ()
    (waste,) = vacuum(lake, now=later()).waste
    assert (waste.identifier, waste.job_id, waste.reason) == (killed, "b", "uncommitted")
    assert files_of(lake, killed) == []
    assert killed not in states(lake)


def test_the_files_of_an_ingest_that_still_writes_are_left_alone(disk: Lake) -> None:
    """It began long ago, and its first files are old: the last one was written just now."""
    began = datetime.now(UTC) - timedelta(hours=10)
    slow = Lake.open(disk.root, now=lambda: began).new_load_id()
    put_files(disk.store, "a", slow)

    def age(*tables: str) -> None:
        for key in (key for table in tables for key in disk.store.keys(f"{table}/")):
            os.utime(Path(disk.root, key), (began.timestamp(), began.timestamp()))

    age("jobs", "job_metrics")
    two_hours = timedelta(hours=2)
    assert vacuum(disk, now=datetime.now(UTC), grace=two_hours).waste == ()
    assert len(files_of(disk, slow)) == 3
    age("examples")
    assert reasons(vacuum(disk, now=datetime.now(UTC), grace=two_hours)) == {slow: "uncommitted"}


def test_an_ingest_slower_than_the_grace_time_is_refused_and_never_half_visible(
    lake: Lake,
) -> None:
    slow = Lake.open(lake.root)
    load_id = slow.new_load_id()
    tables = put_files(slow.store, "a", load_id)
    vacuum(lake, now=later())
    with pytest.raises(LakeError, match="a vacuum took this load's files for waste"):
        slow.commit("a", load_id, facts_of(tables))
    with pytest.raises(LakeError, match="longer than any ingest takes"):
        slow.hold("a", load_id, facts_of(tables), reason="whatever")
    assert Lake.open(lake.root).loads() == ()


def test_a_load_committed_just_before_the_event_keeps_its_files(disk: Lake) -> None:
    slow = Lake.open(disk.root)
    load_id = slow.new_load_id()
    tables = put_files(slow.store, "a", load_id)
    meanwhile(disk, lambda: slow.commit("a", load_id, facts_of(tables)))
    result = vacuum(disk, now=later())
    assert result.kept == (load_id,)
    assert len(files_of(disk, load_id)) == 3
    assert states(disk) == {load_id: "current"}


def test_a_vacuum_that_was_killed_is_completed_by_the_next(disk: Lake) -> None:
    old, _ = land(disk, "a"), land(disk, "a", digest="d2")

    class Dies(LocalStore):
        def delete_all(self, keys: Any) -> None:
            for key in list(keys)[:1]:
                self.delete(key)
            raise StoreError("killed", where=self.root)

    with pytest.raises(StoreError, match="killed"):
        vacuum(Lake(Dies(Path(disk.root))), now=later())
    assert len(files_of(disk, old)) == 2
    assert states(disk)[old] == "vacuumed"
    result = vacuum(disk, now=datetime.now(UTC))  # whatever the grace: nobody can need them
    assert reasons(result) == {old: "hidden"}
    assert files_of(disk, old) == []


def test_what_is_not_the_lakes_stays(lake: Lake) -> None:
    land(lake, "a")
    land(lake, "a", digest="d2")
    strangers = (
        "notes.txt",
        "jobs/notes.txt",
        "jobs/mine.parquet",
        "examples/job_id=a/load_id=mine/part-00000.parquet",
        "examples/job_id=a/readme.md",
        "of_a_later_version/01ARZ3NDEKTSV4RRFFQ69G5FAV.parquet",
    )
    for key in strangers:
        lake.store.replace(key, b"mine")
    schemas = [key for key in lake.store.keys("") if "schema" in key]
    vacuum(lake, now=later())
    assert all(lake.store.exists(key) for key in (*strangers, *schemas, "_lake.json"))


def test_staging_of_killed_ingests_goes_and_that_of_running_ones_stays(disk: Lake) -> None:
    staging = Path(disk.root, "_staging")
    (staging / "killed").mkdir(parents=True)
    (staging / "killed" / "tokens.parquet").write_bytes(b"1234")
    (staging / "object-00").write_bytes(b"12")
    for path in (staging / "killed" / "tokens.parquet", staging / "killed", staging / "object-00"):
        os.utime(path, (0, 0))
    with disk.store.staging("running") as running:
        os.utime(running, (0, 0))
        (running / "part").write_bytes(b"alive")
        result = vacuum(disk, now=datetime.now(UTC))
        assert [(left.name, left.bytes) for left in result.leftovers] == [
            ("_staging/killed", 4),
            ("_staging/object-00", 2),
        ]
        assert result.bytes == 6
        assert [path.name for path in staging.iterdir()] == ["running"]
        assert (running / "part").read_bytes() == b"alive"


def test_uploads_that_were_never_completed_are_aborted(s3: Any, bucket: str) -> None:
    lake = Lake.open(f"s3://{bucket}/lake", create=True)
    for key in ("lake/examples/part.parquet", "elsewhere/part.parquet"):
        s3.create_multipart_upload(Bucket=bucket, Key=key)
    begun = max(upload["Initiated"] for upload in uploads(s3, bucket))  # moto: all in 2010
    assert vacuum(lake, now=begun + DAY).leftovers == ()
    (left,) = vacuum(lake, now=begun + DAY + timedelta(seconds=1)).leftovers
    assert left.name.startswith("examples/part.parquet?uploadId=")
    assert [upload["Key"] for upload in uploads(s3, bucket)] == ["elsewhere/part.parquet"]


def uploads(s3: Any, bucket: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = s3.list_multipart_uploads(Bucket=bucket).get("Uploads") or []
    return listed


def test_staging_of_another_lake_on_this_machine_is_not_touched(s3: Any, bucket: str) -> None:
    lake, other = (Lake.open(f"s3://{bucket}/{name}", create=True) for name in ("lake", "other"))
    with lake.store.staging("mine") as mine, other.store.staging("theirs") as theirs:
        (theirs / "part").write_bytes(b"1")
        assert [left.name for left in vacuum(lake, now=later()).leftovers] == [str(mine)]
        assert not mine.exists()
        assert theirs.exists()


def test_the_catalogue_forgets_a_load_before_its_files_go(disk: Lake) -> None:
    old, _ = land(disk, "a"), land(disk, "a", digest="d2")
    forgotten: list[tuple[Any, ...]] = []

    class Catalogue:
        def forget_loads(self, loads: Any, *, tables: Any) -> None:
            forgotten.append((*loads, tuple(tables), len(files_of(disk, old))))

    vacuum(disk, now=later(), catalogue=Catalogue())  # type: ignore[arg-type]
    assert forgotten == [(("a", old), ("examples", "job_metrics", "jobs"), 3)]


def test_a_catalogue_that_refuses_keeps_the_files_for_the_next_vacuum(disk: Lake) -> None:
    old, _ = land(disk, "a"), land(disk, "a", digest="d2")

    class Refusing:
        def forget_loads(self, loads: Any, *, tables: Any) -> None:
            raise StoreError("throttled", where="Glue")

    with pytest.raises(StoreError, match="throttled"):
        vacuum(disk, now=later(), catalogue=Refusing())  # type: ignore[arg-type]
    assert len(files_of(disk, old)) == 3
    assert reasons(vacuum(disk, now=datetime.now(UTC))) == {old: "hidden"}


def test_folded_files_go_once_others_hold_their_rows_for_long(lake: Lake) -> None:
    first, second = land(lake, "a"), land(lake, "b")
    compact(lake, now=datetime.now(UTC), fewest=2)
    assert vacuum(lake, now=later(23)).waste == ()
    assert len(files_of(lake, first)) == 3
    result = vacuum(lake, now=later())
    assert reasons(result) == {first: "replaced", second: "replaced"}
    assert [key.partition("/")[0] for key in files_of(lake, first)] == ["examples"]
    assert all(lake.store.exists(key) for load in lake.loads() for key in load.keys)


def test_a_folded_file_goes_with_the_last_load_in_it(lake: Lake) -> None:
    land(lake, "a")
    land(lake, "b")
    compact(lake, now=datetime.now(UTC), fewest=2)
    lake.drop("a")
    vacuum(lake, now=later())
    assert len(lake.store.keys("jobs/")) == 2
    lake.drop("b")
    vacuum(lake, now=later())
    assert lake.store.keys("jobs/") == ["jobs/_schema.parquet"]


def test_a_compaction_slower_than_the_grace_time_is_refused(disk: Lake) -> None:
    loads = [land(disk, job) for job in ("a", "b")]
    slow = Lake.open(disk.root)
    meanwhile(slow, lambda: vacuum(disk, now=later()))
    with pytest.raises(LakeError, match="took the folded files for waste"):
        compact(slow, now=datetime.now(UTC), fewest=2)
    for load in Lake.open(disk.root).loads():
        assert len(files_of(disk, load.load_id)) == len(load.keys) == 3
        assert all(disk.store.exists(key) for key in load.keys)
    assert set(states(disk)) == set(loads)


def test_two_vacuums_at_once_agree(disk: Lake) -> None:
    old, _ = land(disk, "a"), land(disk, "a", digest="d2")
    other = Lake.open(disk.root)
    meanwhile(disk, lambda: vacuum(other, now=later()))
    vacuum(disk, now=later())
    assert states(disk)[old] == "vacuumed"
    assert files_of(disk, old) == []
    events = [event for _, event in disk._opened_log().known() if isinstance(event, Vacuumed)]
    assert [event.loads for event in events] == [(old,), (old,)]
