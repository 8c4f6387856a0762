"""A lake opened, shown, dropped, restored and projected for SQL."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from ingest.errors import IdentityError, LakeError, UnknownJobError
from ingest.lake import Lake, LocalStore
from ingest.tables import SNAPSHOTS, TABLES
from tests.unit.lake.make import facts, ticking


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake.open(str(tmp_path / "lake"), create=True, now=ticking())


def snapshot(lake: Lake, table: str) -> list[tuple[str, str, str]]:
    return duckdb.sql(
        f"select job_id, load_id, state from read_parquet('{lake.root}/{table}/**/*.parquet',"
        " union_by_name = true, hive_partitioning = true, hive_types_autocast = false)"
        " order by sequence"
    ).fetchall()


def add(lake: Lake, job_id: str, *, digest: str = "d1", input_digest: str | None = None) -> str:
    load_id = lake.new_load_id()
    lake.commit(job_id, load_id, facts(digest=digest, input_digest=input_digest or f"i-{job_id}"))
    lake.refresh_snapshots()
    return load_id


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_table_can_be_read_in_an_empty_lake(lake: Lake, name: str) -> None:
    table = TABLES[name]
    read = duckdb.sql(
        f"select * from read_parquet('{lake.root}/{name}/**/*.parquet', union_by_name = true,"
        " hive_partitioning = true, hive_types_autocast = false)"
    )
    assert len(read) == 0
    keys = ["job_id", "load_id"] if table.is_large else []
    assert read.columns == [*table.schema.names, *keys]
    if table.is_large:
        assert {str(type_) for type_ in read.types[-2:]} == {"VARCHAR"}


def test_no_lake_is_said_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match=r"there is no lake here; make one with `evallake ingest`"):
        Lake.open(str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_addresses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Lake.open("here", create=True).root == str(tmp_path / "here")
    assert Lake.open(f"file://{tmp_path}/with%20space", create=True).root.endswith("with space")
    with pytest.raises(LakeError, match=r"on a disk or on S3, not at gs://; set EVALLAKE_ROOT"):
        Lake.open("gs://bucket/lake")


def test_a_later_layout_is_refused(lake: Lake) -> None:
    lake.store.replace("_lake.json", b'{"layout": 2}')
    with pytest.raises(LakeError, match="layout 2, known is 1"):
        Lake.open(lake.root)
    lake.store.replace("_lake.json", b"[]")
    with pytest.raises(LakeError, match="does not describe a lake"):
        Lake.open(lake.root)


def test_opening_again_writes_nothing_and_mends_what_is_missing(lake: Lake) -> None:
    add(lake, "a")

    class Watched(LocalStore):
        written: list[str] = []  # noqa: RUF012

        def replace(self, key: str, content: bytes) -> None:
            self.written.append(key)
            super().replace(key, content)

    store = Watched(Path(lake.root))
    Lake(store)._check_marker(create=True)
    assert store.written == []
    store.delete("jobs/_schema.parquet")
    store.delete("loads/loads.parquet")
    Lake(store)._check_marker(create=True)
    assert set(store.written) == {
        "jobs/_schema.parquet",
        "loads/loads.parquet",
        "current_loads/current_loads.parquet",
    }


def test_snapshots_show_every_load_and_the_current_ones(lake: Lake) -> None:
    first, second, other = add(lake, "a"), add(lake, "a", digest="d2"), add(lake, "b")
    assert snapshot(lake, "loads") == [
        ("a", first, "superseded"),
        ("a", second, "current"),
        ("b", other, "current"),
    ]
    assert snapshot(lake, "current_loads") == [("a", second, "current"), ("b", other, "current")]
    assert {job: load.load_id for job, load in lake.current().items()} == {"a": second, "b": other}


def test_a_snapshot_row_says_what_the_load_was(lake: Lake) -> None:
    add(lake, "a")
    row = duckdb.sql(f"select * from '{lake.root}/loads/loads.parquet'").fetchdf().iloc[0]
    counts = ("rows_read", "rows_landed", "rows_merged", "rows_duplicate", "rows_rejected")
    assert [int(row[name]) for name in counts] == [5, 3, 1, 0, 1]
    assert row["format"] == "nova"
    assert str(row["committed_at_utc"]).startswith("2026-03-01 12:00:")
    assert json.loads(row["files_json"])[0]["landed"] == 3
    assert json.loads(row["tables_json"]) == {"examples": 3}
    assert json.loads(row["findings_json"]) == [
        {"code": "examples_missing", "message": "1 of 4 — „fehlt“"}
    ]


def test_a_load_without_snapshots_is_shown_after_a_refresh(lake: Lake) -> None:
    add(lake, "a")
    load_id = lake.new_load_id()
    lake.commit("b", load_id, facts(input_digest="other"))  # killed before its snapshots
    assert [job for job, _, _ in snapshot(lake, "current_loads")] == ["a"]
    Lake.open(lake.root).refresh_snapshots(only_if_stale=True)
    assert [job for job, _, _ in snapshot(lake, "current_loads")] == ["a", "b"]


def test_a_damaged_snapshot_is_written_anew(lake: Lake) -> None:
    add(lake, "a")
    before = snapshot(lake, "current_loads")
    for content in (b"", b"PAR1PAR1", b"not Parquet at all"):
        lake.store.replace("current_loads/current_loads.parquet", content)
        Lake.open(lake.root).refresh_snapshots(only_if_stale=True)
        assert snapshot(lake, "current_loads") == before


def test_drop_hides_and_restore_shows(lake: Lake) -> None:
    load_id = add(lake, "a")
    assert lake.drop("a", reason="wrong model").load_id == load_id
    assert lake.current() == {}
    assert snapshot(lake, "current_loads") == []
    assert [(load.state, load.reason) for load in lake.loads()] == [("dropped", "wrong model")]
    assert lake.restore("a").load_id == load_id
    assert snapshot(lake, "current_loads") == [("a", load_id, "current")]


def test_release_shows_the_newest_held_load(lake: Lake) -> None:
    first = add(lake, "a")
    held = [lake.new_load_id() for _ in range(2)]
    for load_id in held:
        lake.hold("a", load_id, facts(digest=load_id), reason="too few rows")
    assert lake.release("a", reason="checked by hand").load_id == held[1]
    assert snapshot(lake, "current_loads") == [("a", held[1], "current")]
    assert {load.load_id: load.state for load in lake.loads()} == {
        first: "superseded",
        held[0]: "superseded",
        held[1]: "current",
    }
    assert [load.reason for load in lake.loads()][-1] == "checked by hand"


def test_an_unknown_job_gets_near_ones_named(lake: Lake) -> None:
    add(lake, "tickets-lite")
    add(lake, "tickets-pro")
    with pytest.raises(UnknownJobError, match="no job 'tickets-lte'; did you mean tickets-lite"):
        lake.drop("tickets-lte")
    with pytest.raises(UnknownJobError, match="'tickets-lite' is not dropped, it is current"):
        lake.restore("tickets-lite")
    with pytest.raises(UnknownJobError, match="it holds tickets-lite, tickets-pro"):
        lake.drop("zzz")


def test_restore_is_refused_while_another_job_shows_the_same_files(lake: Lake) -> None:
    add(lake, "a", input_digest="same")
    lake.drop("a")
    add(lake, "b", input_digest="same")
    with pytest.raises(IdentityError, match="in this lake as b; drop b first"):
        lake.restore("a")
    lake.drop("b")
    lake.restore("a")
    assert set(lake.current()) == {"a"}


def test_the_last_snapshot_written_has_seen_every_event(lake: Lake) -> None:
    """Somebody commits while this process writes its snapshots, and is done before it."""
    add(lake, "a")
    late = Lake.open(lake.root)
    load_id = lake.new_load_id()

    class Interrupted(LocalStore):
        is_first = True

        def replace(self, key: str, content: bytes) -> None:
            if self.is_first and key.startswith("current_loads/"):
                self.is_first = False
                late.commit("b", load_id, facts(input_digest="b"))
                late.refresh_snapshots()
            super().replace(key, content)

    Lake(Interrupted(Path(lake.root))).refresh_snapshots()
    assert [job for job, _, _ in snapshot(lake, "current_loads")] == ["a", "b"]


def test_every_snapshot_has_one_file_and_a_schema_file(lake: Lake) -> None:
    add(lake, "a")
    add(lake, "b")
    for table in SNAPSHOTS:
        assert lake.store.keys(f"{table.name}/") == [
            f"{table.name}/_schema.parquet",
            f"{table.name}/{table.name}.parquet",
        ]


def test_a_verb_that_was_killed_before_the_snapshots_is_completed_by_its_re_run(lake: Lake) -> None:
    add(lake, "a")
    shown = Path(lake.root, "current_loads", "current_loads.parquet")
    before = shown.read_bytes()
    lake.drop("a")
    shown.write_bytes(before)
    with pytest.raises(UnknownJobError, match="'a' is not current, it is dropped"):
        Lake.open(lake.root).drop("a")
    assert snapshot(lake, "current_loads") == []


def test_two_jobs_that_bring_the_same_files_at_once_are_not_both_seen(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one comes between the look at the log and the event: the log's order decides."""
    other = Lake.open(lake.root)
    create = LocalStore.create

    def outrun(store: LocalStore, key: str, content: bytes) -> bool:
        monkeypatch.setattr(LocalStore, "create", create)
        add(other, "quicker", input_digest="same")
        return create(store, key, content)

    monkeypatch.setattr(LocalStore, "create", outrun)
    with pytest.raises(IdentityError, match="the files of slower are in this lake as quicker"):
        lake.commit("slower", lake.new_load_id(), facts(input_digest="same"), beside_twin=False)
    assert list(lake.current()) == ["quicker"]
    lake.commit("slower", lake.new_load_id(), facts(input_digest="same"))  # by force
    assert list(lake.current()) == ["quicker", "slower"]
