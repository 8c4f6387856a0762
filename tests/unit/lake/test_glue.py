"""The Glue catalogue against moto: made, evolved, refused, mended, tidied."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pyarrow as pa
import pytest

import ingest.lake.glue as glue_module
from ingest.errors import InputError, LakeError, StoreError
from ingest.lake import Lake, Load, LocalStore, TableFiles
from ingest.lake.glue import GlueCatalogue
from ingest.lake.ulid import UlidGenerator
from ingest.lake.vacuum import vacuum
from ingest.tables import EXAMPLES, TABLES, Column
from tests.fixtures.glue import GlueCalls
from tests.unit.lake.make import START, facts

ROOT = "s3://bucket/lake"
DAY = timedelta(days=1)
_NUMBERS = count(1)
WITH_FILES = ("jobs", "job_metrics", "examples", "example_fields")
LARGE = [table.name for table in TABLES.values() if table.is_large]


@pytest.fixture
def database() -> str:
    return f"raw_{next(_NUMBERS)}"


@pytest.fixture
def calls(aws: str) -> GlueCalls:
    return GlueCalls()


@pytest.fixture
def catalogue(calls: GlueCalls, database: str) -> GlueCatalogue:
    return GlueCatalogue(database, ROOT, glue=calls.client)


@pytest.fixture
def grown(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have the registry declare `examples` otherwise."""

    def grow(*columns: Column, without: str | None = None) -> None:
        kept = tuple(column for column in EXAMPLES.columns if column.name != without)
        table = replace(EXAMPLES, columns=(*columns, *kept))
        monkeypatch.setitem(glue_module.TABLES, "examples", table)

    return grow


def partitions(calls: GlueCalls, database: str, table: str) -> dict[tuple[str, str], Any]:
    listed = calls.client.get_partitions(DatabaseName=database, TableName=table)["Partitions"]
    calls.names.pop()
    return {tuple(one["Values"]): one for one in listed}


def columns_of(registered: Any) -> list[str]:
    return [column["Name"] for column in registered["StorageDescriptor"]["Columns"]]


class Log:
    """A lake's log without files, on a clock that the test moves."""

    def __init__(self, tmp_path: Any) -> None:
        self.now = START
        self.lake = Lake(LocalStore(tmp_path), now=lambda: self.now)
        self._ulids = UlidGenerator(lambda: self.now)

    def commit(self, job_id: str, catalogue: GlueCatalogue | None = None) -> str:
        load_id = self._ulids.new()
        tables = tuple(TableFiles(name, 1, 1, (f"{name}/x",)) for name in WITH_FILES)
        if catalogue is not None:
            catalogue.register_load(job_id, load_id, tables=WITH_FILES)
        self.lake.commit(job_id, load_id, replace(facts(), tables=tables))
        return load_id

    def loads(self) -> tuple[Load, ...]:
        return self.lake.loads()


@pytest.fixture
def log(tmp_path: Any) -> Iterator[Log]:
    yield Log(tmp_path)


def test_all_tables_are_made_once(
    catalogue: GlueCatalogue, calls: GlueCalls, database: str
) -> None:
    changes = catalogue.check()
    assert {change.table: change.action for change in changes} == dict.fromkeys(TABLES, "created")
    registered = calls.client.get_tables(DatabaseName=database)["TableList"]
    assert {table["Name"] for table in registered} == set(TABLES)
    calls.forget()
    again = GlueCatalogue(database, ROOT, glue=calls.client).check()
    assert {change.action for change in again} == {"unchanged"}
    assert calls.names == ["GetTables"]


@pytest.mark.parametrize("name", ["Evallake", "raw-data", "", "a.b", "x" * 256])
def test_a_name_that_athena_cannot_use_is_refused(name: str, calls: GlueCalls) -> None:
    with pytest.raises(InputError, match="small letters"):
        GlueCatalogue(name, ROOT, glue=calls.client)


def test_partitions_of_a_load_are_its_large_tables(
    catalogue: GlueCatalogue, calls: GlueCalls, database: str
) -> None:
    for _ in range(2):  # the second time changes nothing
        catalogue.register_load("job", "L1", tables=WITH_FILES)
        (one,) = partitions(calls, database, "examples").values()
        assert one["StorageDescriptor"]["Location"] == f"{ROOT}/examples/job_id=job/load_id=L1/"
        assert columns_of(one)[:2] == ["example_id", "example_key"]
        assert len(partitions(calls, database, "example_fields")) == 1
        assert partitions(calls, database, "example_tokens") == {}
    for _ in range(2):
        catalogue.forget_load("job", "L1", tables=WITH_FILES)
        assert partitions(calls, database, "examples") == {}


def test_a_new_column_is_added_at_the_end_to_table_and_partitions(
    catalogue: GlueCatalogue, calls: GlueCalls, database: str, grown: Callable[..., None]
) -> None:
    for number in range(3):
        catalogue.register_load("job", f"L{number}", tables=WITH_FILES)
    before = columns_of(calls.client.get_table(DatabaseName=database, Name="examples")["Table"])
    grown(Column("new", pa.int64(), "New in this version."))
    newer = GlueCatalogue(database, ROOT, glue=calls.client)
    changes = {change.table: change for change in newer.check()}
    assert changes["examples"].action == "changed"
    assert changes["examples"].columns_added == ("new",)
    assert changes["examples"].partitions_mended == 3
    assert {c.action for name, c in changes.items() if name != "examples"} == {"unchanged"}
    table = calls.client.get_table(DatabaseName=database, Name="examples")["Table"]
    assert columns_of(table) == [*before, "new"]
    assert [key["Name"] for key in table["PartitionKeys"]] == ["job_id", "load_id"]
    newer.register_load("job", "L3", tables=WITH_FILES)
    kept = partitions(calls, database, "examples").values()
    assert [columns_of(one) for one in kept] == [[*before, "new"]] * 4
    calls.forget()
    newer.check()
    assert calls.written == []


def test_columns_that_contradict_are_refused_before_anything_is_changed(
    catalogue: GlueCatalogue, calls: GlueCalls, database: str, grown: Callable[..., None]
) -> None:
    catalogue.check()
    calls.client.delete_table(DatabaseName=database, Name="jobs")
    grown(Column("sample_id", pa.int64(), "Retyped."), without="sample_id")
    calls.forget()
    with pytest.raises(LakeError) as refused:
        GlueCatalogue(database, ROOT, glue=calls.client).check()
    assert calls.written == []
    text = str(refused.value)
    assert text.startswith(f"Glue table {database}.examples: ")
    assert "column sample_id: declared bigint, registered string" in text
    assert "evallake register" in text
    assert "\n" not in text
    assert refused.value.exit_code == 4


def test_register_gives_the_lakes_own_table_the_declared_columns(
    catalogue: GlueCatalogue, calls: GlueCalls, database: str, grown: Callable[..., None], log: Log
) -> None:
    log.commit("job", catalogue)
    grown(Column("sample_id", pa.int64(), "Retyped."), without="sample_id")
    newer = GlueCatalogue(database, ROOT, glue=calls.client)
    changes = {c.table: c for c in newer.rebuild(log.loads, now=log.now, grace=DAY)}
    assert changes["examples"].action == "changed"
    table = calls.client.get_table(DatabaseName=database, Name="examples")["Table"]
    types = {c["Name"]: c["Type"] for c in table["StorageDescriptor"]["Columns"]}
    assert types["sample_id"] == "bigint"
    newer.check()


def test_readers_are_told_what_is_missing_and_change_nothing(
    catalogue: GlueCatalogue, calls: GlueCalls, database: str, grown: Callable[..., None]
) -> None:
    with pytest.raises(LakeError, match=r"\.jobs: is not registered; .*evallake register"):
        catalogue.verify()
    catalogue.check()
    catalogue.verify()
    grown(Column("new", pa.int64(), "New in this version."))
    calls.forget()
    with pytest.raises(LakeError, match=r"\.examples: lacks new, .*evallake register"):
        GlueCatalogue(database, ROOT, glue=calls.client).verify()
    assert calls.names == ["GetTables"]


@pytest.mark.parametrize("place", ["s3://bucket/other/jobs/", f"{ROOT}/jobs/"])
def test_a_table_that_is_not_the_lakes_is_left_alone(
    catalogue: GlueCatalogue, calls: GlueCalls, database: str, log: Log, place: str
) -> None:
    calls.client.create_database(DatabaseInput={"Name": database})
    theirs = {"Name": "jobs", "StorageDescriptor": {"Columns": [], "Location": place}}
    calls.client.create_table(DatabaseName=database, TableInput=theirs)
    calls.forget()
    for attempt in (
        catalogue.check,
        lambda: catalogue.rebuild(log.loads, now=log.now, grace=DAY),
        lambda: catalogue.register_load("job", "L1", tables=WITH_FILES),
    ):
        with pytest.raises(LakeError, match=r"not this lake's.*--glue-database"):
            attempt()
    assert calls.written == []


def test_two_who_make_the_tables_at_once_agree(
    calls: GlueCalls, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    GlueCatalogue(database, ROOT, glue=calls.client).check()
    late = GlueCatalogue(database, ROOT, glue=calls.client)
    monkeypatch.setattr(late, "_registered", dict)  # looked before the other one was done
    changes = late.check()
    assert {change.action for change in changes} == {"unchanged"}
    late.register_load("job", "L1", tables=WITH_FILES)


def test_partitions_go_in_batches_that_glue_takes(
    catalogue: GlueCatalogue, calls: GlueCalls, database: str, log: Log
) -> None:
    log.commit("job")
    (one,) = log.loads()
    many = [replace(one, job_id=f"job-{number}") for number in range(130)]
    changes = {c.table: c for c in catalogue.rebuild(lambda: many, now=log.now, grace=DAY)}
    assert changes["examples"].partitions_added == changes["examples"].partitions == 130
    assert calls.names.count("BatchCreatePartition") == 4
    assert sorted(calls.sizes) == [30, 30, 100, 100]
    gone = [replace(load, state="dropped", hidden_at_utc=log.now - 2 * DAY) for load in many]
    calls.forget()
    assert catalogue.tidy(lambda: gone, now=log.now, grace=DAY) == 260
    removals = [size for size in calls.sizes if size <= 25]
    assert sum(removals) == 260
    assert len(removals) == calls.names.count("BatchDeletePartition")
    assert partitions(calls, database, "examples") == {}


def test_partitions_of_hidden_loads_stay_for_the_grace_time(
    catalogue: GlueCatalogue, calls: GlueCalls, database: str, log: Log
) -> None:
    old = log.commit("job", catalogue)
    dropped = log.commit("other", catalogue)
    log.now += timedelta(hours=1)
    new = log.commit("job", catalogue)
    log.lake.drop("other")
    log.now += DAY - timedelta(seconds=1)
    assert catalogue.tidy(log.loads, now=log.now, grace=DAY) == 0
    everything = {("job", old), ("job", new), ("other", dropped)}
    assert set(partitions(calls, database, "examples")) == everything
    log.now += timedelta(seconds=1)
    assert catalogue.tidy(log.loads, now=log.now, grace=DAY) == 4
    for table in ("examples", "example_fields"):
        assert set(partitions(calls, database, table)) == {("job", new)}
    assert catalogue.tidy(log.loads, now=log.now, grace=DAY) == 0


def test_a_restored_job_is_registered_again(
    catalogue: GlueCatalogue, calls: GlueCalls, database: str, log: Log
) -> None:
    load_id = log.commit("job", catalogue)
    log.lake.drop("job")
    log.now += 2 * DAY
    catalogue.tidy(log.loads, now=log.now, grace=DAY)
    assert partitions(calls, database, "examples") == {}
    log.lake.restore("job", catalogue=catalogue)
    assert set(partitions(calls, database, "examples")) == {("job", load_id)}


def test_a_job_restored_while_somebody_tidies_up_stays_registered(
    catalogue: GlueCatalogue, calls: GlueCalls, database: str, log: Log
) -> None:
    load_id = log.commit("job", catalogue)
    log.lake.drop("job")
    log.now += 2 * DAY
    looked = []

    def loads() -> tuple[Load, ...]:
        seen = log.loads()
        if not looked:  # restored right after the first look
            log.lake.restore("job", catalogue=catalogue)
        looked.append(seen)
        return seen

    catalogue.tidy(loads, now=log.now, grace=DAY)
    assert len(looked) == 2
    assert set(partitions(calls, database, "examples")) == {("job", load_id)}


def test_everything_comes_back_after_the_database_was_deleted(
    catalogue: GlueCatalogue, calls: GlueCalls, database: str, log: Log
) -> None:
    kept = {("a", log.commit("a", catalogue)), ("b", log.commit("b", catalogue))}
    calls.client.delete_database(Name=database)
    steps: list[tuple[int, int, str]] = []
    newer = GlueCatalogue(database, ROOT, glue=calls.client)
    changes = newer.rebuild(
        log.loads, now=log.now, grace=DAY, on_step=lambda *step: steps.append(step)
    )
    assert {change.action for change in changes} == {"created"}
    by_table = {change.table: change for change in changes}
    assert (by_table["examples"].partitions, by_table["examples"].partitions_added) == (2, 2)
    assert (by_table["rejects"].partitions, by_table["jobs"].partitions) == (0, None)
    assert set(partitions(calls, database, "examples")) == kept
    assert [step[:2] for step in steps] == [(n, len(LARGE)) for n in range(1, len(LARGE) + 1)]
    again = newer.rebuild(log.loads, now=log.now, grace=DAY)
    assert {change.action for change in again} == {"unchanged"}
    assert not any(c.partitions_added or c.partitions_mended or c.partitions_removed for c in again)


def test_a_rebuild_mends_and_removes_but_spares_an_ingest_under_way(
    catalogue: GlueCatalogue, calls: GlueCalls, database: str, log: Log
) -> None:
    never_committed = log._ulids.new()
    catalogue.register_load("job", never_committed, tables=WITH_FILES)
    log.now += 2 * DAY
    kept = log.commit("job", catalogue)
    under_way = log._ulids.new()
    catalogue.register_load("job", under_way, tables=WITH_FILES)
    wrong = partitions(calls, database, "examples")["job", kept]["StorageDescriptor"]
    calls.client.update_partition(
        DatabaseName=database,
        TableName="examples",
        PartitionValueList=["job", kept],
        PartitionInput={
            "Values": ["job", kept],
            "StorageDescriptor": wrong | {"Location": "s3://elsewhere/"},
        },
    )
    changes = {c.table: c for c in catalogue.rebuild(log.loads, now=log.now, grace=DAY)}
    found = partitions(calls, database, "examples")
    assert set(found) == {("job", kept), ("job", under_way)}
    place = f"{ROOT}/examples/job_id=job/load_id={kept}/"
    assert found["job", kept]["StorageDescriptor"]["Location"] == place
    assert (changes["examples"].partitions_mended, changes["examples"].partitions_removed) == (1, 1)
    assert (changes["examples"].partitions, changes["examples"].partitions_added) == (2, 0)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("AccessDeniedException", r"access is denied.*docs/aws\.md"),
        ("ThrottlingException", r"fewer requests.*run the command again"),
        ("ExpiredTokenException", r"expired.*sign in again"),
    ],
)
@pytest.mark.parametrize("fail_at", [1, 2, 3, 20, 30])
def test_what_aws_refuses_is_one_line(
    aws: str, database: str, code: str, words: str, fail_at: int
) -> None:
    calls = GlueCalls(fail_at=fail_at, code=code)
    catalogue = GlueCatalogue(database, ROOT, glue=calls.client)
    with pytest.raises(StoreError, match=words) as refused:
        catalogue.check()
        catalogue.register_load("job", "L1", tables=LARGE)
        catalogue.forget_load("job", "L1", tables=LARGE)
    text = str(refused.value)
    assert text.startswith(("Glue database ", "Glue table "))
    assert database in text
    assert "\n" not in text
    assert refused.value.exit_code == 4


def test_a_partition_that_glue_does_not_take_is_named(
    catalogue: GlueCatalogue, calls: GlueCalls, database: str
) -> None:
    catalogue.check()
    calls.client.delete_table(DatabaseName=database, Name="examples")
    with pytest.raises(StoreError, match=r"no such database or table.*evallake register"):
        catalogue.register_load("job", "L1", tables=WITH_FILES)


def test_many_loads_are_forgotten_in_one_call_a_table(
    catalogue: GlueCatalogue, calls: GlueCalls, database: str
) -> None:
    """As a vacuum does it; tables that only a later version knows are not its business."""
    loads = [("job", f"L{number}") for number in range(3)]
    for job_id, load_id in loads:
        catalogue.register_load(job_id, load_id, tables=WITH_FILES)
    calls.forget()
    catalogue.forget_loads(loads[:2], tables=(*WITH_FILES, "of_a_later_version"))
    assert calls.names == ["BatchDeletePartition"] * 2
    assert set(partitions(calls, database, "examples")) == {("job", "L2")}


def test_a_vacuumed_load_is_not_registered_again(
    catalogue: GlueCatalogue, calls: GlueCalls, database: str, log: Log
) -> None:
    gone = log.commit("job", catalogue)
    log.commit("job", catalogue)
    log.now += DAY / 24
    vacuum(log.lake, now=log.now, grace=timedelta(minutes=1))
    assert {load.load_id: load.state for load in log.loads()}[gone] == "vacuumed"
    catalogue.rebuild(log.loads, now=log.now, grace=DAY)  # Glue would have kept it for a day
    assert gone not in {load_id for _, load_id in partitions(calls, database, "examples")}
