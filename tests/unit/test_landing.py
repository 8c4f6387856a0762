"""What landing promises: accounts balance, a second time changes nothing, identities are kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

import ingest.landing as landing
import ingest.landing.staging as staging
from ingest.errors import IdentityError, LakeError, RecipeError, StoreError
from ingest.lake import ImbalanceError, Lake
from ingest.lake.commit import StagedLoad
from ingest.landing import CheckResult, IngestOptions, LandingResult, ingest_source
from ingest.raw import LANDED, REJECTED, Finding, ReadOptions
from ingest.tables import DATA_TABLES
from tests.fixtures.disk import hasty_disk  # noqa: F401  # used by being there
from tests.fixtures.runs import SMALL, MadeRun, no_source, row
from tests.unit.lake.make import ticking

Ingest = Callable[..., list[LandingResult]]
JOB = "tickets-20251106T175852Z"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake.open(str(tmp_path / "lake"), create=True, now=ticking())


@pytest.fixture
def ingest(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> Ingest:
    def run(*runs: Any, check: Any = None, progress: Any = None, **options: Any) -> Any:
        monkeypatch.setattr(landing, "open_source", no_source)
        monkeypatch.setattr(landing, "find_runs", lambda *_, **__: list(runs))
        chosen = IngestOptions(workers=2, **options)
        return ingest_source(
            "job/output.tar.gz",
            lake,
            options=chosen,
            now=ticking(),
            check=check,
            progress=progress,
        )

    return run


def count(lake: Lake, table: str, where: str = "true") -> int:
    query = (
        f"select count(*) from read_parquet('{lake.root}/{table}/**/*.parquet',"
        f" union_by_name = true, hive_partitioning = true, hive_types_autocast = false)"
        f" where {where}"
    )
    return int(duckdb.sql(query).fetchall()[0][0])


def files(lake: Lake) -> list[str]:
    return [key for name in DATA_TABLES for key in lake.store.keys(f"{name.name}/")]


def test_every_row_is_accounted_for(lake: Lake, ingest: Ingest) -> None:
    (result,) = ingest(MadeRun(SMALL))
    assert (result.job_id, result.outcome) == (JOB, "landed")
    total = result.accounting
    assert (total.read, total.landed, total.merged, total.duplicate, total.rejected) == (
        14,
        6,
        6,
        1,
        1,
    )
    assert [(file.path.partition("_")[0], file.read) for file in total.files] == [
        ("details", 7),
        ("inference", 7),
        ("results.json", 0),
    ]
    assert count(lake, "examples") == 6
    assert count(lake, "rejects") == 1
    assert count(lake, "example_tokens") == 24
    assert count(lake, "example_metadata", "metadata_key = 'difficulty'") == 6
    assert count(lake, "example_metrics", "metric_name = 'f1' and metric_value = 0.5") == 6
    assert count(lake, "jobs", "examples = 6 and dataset_id is not null") == 1
    assert count(lake, "job_metrics") == 1
    assert count(lake, "judgments") == 0
    assert not [key for key in files(lake) if key.startswith("judgments/job_id=t")]
    assert lake.current()[JOB].facts.tables[0].table == "jobs"
    assert result.findings == (Finding("examples_missing", "2 of 9"),)
    assert lake.store.keys("_staging/") == []


def test_examples_say_what_was_read(lake: Lake, ingest: Ingest) -> None:
    ingest(
        MadeRun(
            [
                row(
                    3,
                    gold_texts=["a", "b"],
                    predictions=None,
                    logprobs=None,
                    logprobs_status="absent",
                )
            ]
        )
    )
    read = duckdb.sql(f"select * from '{lake.root}/examples/job_id=t*/*/*.parquet'").fetchdf()
    (only,) = read.to_dict("records")
    assert only["example_id"] == only["example_key"] + "-0"
    assert (only["gold_text"], only["gold_count"], only["gold_texts_json"]) == ("a", 2, '["a","b"]')
    for name in ("prediction_text", "prediction_count", "predictions_json", "alignment"):
        assert only[name] != only[name] or only[name] is None, name


def test_a_second_time_writes_nothing(lake: Lake, ingest: Ingest) -> None:
    (first,) = ingest(MadeRun(SMALL))
    before = {path: path.stat().st_mtime_ns for path in Path(lake.root).rglob("*")}
    (again,) = ingest(MadeRun(SMALL))
    assert (again.outcome, again.load_id) == ("unchanged", first.load_id)
    assert again.accounting == first.accounting
    assert {path: path.stat().st_mtime_ns for path in Path(lake.root).rglob("*")} == before


@pytest.mark.parametrize(
    "change",
    [
        {"content": "2"},
        {"reader": "nova/2"},
    ],
)
def test_other_files_or_another_reader_supersede(
    lake: Lake, ingest: Ingest, change: dict[str, str]
) -> None:
    (first,) = ingest(MadeRun(SMALL))
    (second,) = ingest(MadeRun(SMALL[:2], **change))
    assert second.outcome == "landed"
    assert {load.load_id: load.state for load in lake.loads()} == {
        first.load_id: "superseded",
        second.load_id: "current",
    }


def test_other_options_supersede_and_the_same_do_not(
    lake: Lake, ingest: Ingest, tmp_path: Path
) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("run: {}")
    outcomes = [
        ingest(MadeRun(SMALL), read=read)[0].outcome
        for read in (
            ReadOptions(),
            ReadOptions(tags={"a": "1", "b": "2"}),
            ReadOptions(tags={"b": "2", "a": "1"}),
            ReadOptions(recipe=recipe),
        )
    ]
    assert outcomes == ["landed", "landed", "unchanged", "landed"]
    recipe.rename(tmp_path / "moved.yaml")
    moved = ReadOptions(recipe=tmp_path / "moved.yaml")
    assert ingest(MadeRun(SMALL), read=moved)[0].outcome == "unchanged"
    with pytest.raises(RecipeError, match=r"recipe\.yaml: cannot be read"):
        ingest(MadeRun(SMALL), read=ReadOptions(recipe=recipe))


def test_a_dropped_job_ingested_again_comes_back(lake: Lake, ingest: Ingest) -> None:
    (first,) = ingest(MadeRun(SMALL))
    lake.drop(JOB)
    (again,) = ingest(MadeRun(SMALL))
    assert (again.outcome, again.load_id) == ("restored", first.load_id)
    assert set(lake.current()) == {JOB}
    assert count(lake, "current_loads") == 1


def test_the_same_files_under_a_second_id_are_refused_naming_the_first(
    lake: Lake, ingest: Ingest
) -> None:
    ingest(MadeRun(SMALL))
    with pytest.raises(IdentityError, match=f"as {JOB}, now they would be other"):
        ingest(MadeRun(SMALL), job_id="other")
    assert set(lake.current()) == {JOB}
    ingest(MadeRun(SMALL), job_id="other", force=True)
    assert set(lake.current()) == {JOB, "other"}
    lake.drop(JOB)
    lake.drop("other")
    ingest(MadeRun(SMALL), job_id="third")
    assert set(lake.current()) == {"third"}


def test_force_lands_again(lake: Lake, ingest: Ingest) -> None:
    (first,) = ingest(MadeRun(SMALL))
    (second,) = ingest(MadeRun(SMALL), force=True)
    assert second.outcome == "landed"
    assert lake.current()[JOB].load_id == second.load_id != first.load_id


def test_several_runs_of_a_source_are_jobs_of_their_own(lake: Lake, ingest: Ingest) -> None:
    later = MadeRun(SMALL[:3], timestamp="20251107T000000Z", content="2")
    results = ingest(MadeRun(SMALL), later)
    assert [result.job_id for result in results] == [JOB, "tickets-20251107T000000Z"]
    assert set(lake.current()) == {result.job_id for result in results}


def test_a_new_load_without_tokens_hides_the_old_tokens(lake: Lake, ingest: Ingest) -> None:
    ingest(MadeRun(SMALL))
    bare = [row(n, logprobs=None, logprobs_status="absent") for n in range(6)]
    (second,) = ingest(MadeRun(bare, content="2"))
    assert count(lake, "example_tokens", f"load_id = '{second.load_id}'") == 0
    assert not [key for key in files(lake) if "tokens" in key and second.load_id in key]


def test_a_job_of_rejects_alone_lands_and_says_so(lake: Lake, ingest: Ingest) -> None:
    (result,) = ingest(MadeRun([row(n, role=REJECTED) for n in range(4)]))
    assert (result.accounting.landed, result.accounting.rejected) == (0, 4)
    assert count(lake, "rejects") == 4
    assert count(lake, "jobs", "examples = 0 and dataset_id is null") == 1


def test_the_data_set_is_that_of_the_landed_items(lake: Lake, ingest: Ingest) -> None:
    ingest(MadeRun(SMALL))
    rows = [row(n, example_key=f"{n:032x}") for n in reversed(range(6))]
    ingest(MadeRun(rows, run_name="other", content="2", batch_rows=1))
    found = duckdb.sql(
        f"select count(*), count(distinct dataset_id) from '{lake.root}/jobs/0*.parquet'"
    ).fetchall()
    assert found == [(2, 1)]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([row(0), row(1, source_file="stranger.parquet")], "stranger"),
        ([row(0), row(1, role="lost")], "1 accounted for"),
    ],
)
def test_rows_that_get_lost_are_a_fault_and_nothing_is_committed(
    lake: Lake, ingest: Ingest, rows: list[Any], said: str
) -> None:
    before = files(lake)
    with pytest.raises(ImbalanceError, match=said):
        ingest(MadeRun(rows))
    assert lake.loads() == ()
    assert files(lake) == before


def test_a_table_that_loses_an_example_is_noticed(
    ingest: Ingest, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = staging.build_ahead

    def forgetful(*args: Any, **options: Any) -> Any:
        for raw, tables in build(*args, **options):
            yield raw, tables | {"examples": tables["examples"].slice(1)}

    monkeypatch.setattr(staging, "build_ahead", forgetful)
    with pytest.raises(ImbalanceError, match="6 rows landed, 3 examples and judgments written"):
        ingest(MadeRun(SMALL, batch_rows=2))
    assert lake.loads() == ()


def test_a_reader_that_fails_half_way_leaves_nothing(lake: Lake, ingest: Ingest) -> None:
    class Failing(MadeRun):
        def batches(self, *, max_bytes: int) -> Any:
            for number, batch in enumerate(super().batches(max_bytes=max_bytes)):
                if number == 3:
                    raise LakeError("on purpose")
                yield batch

    before = files(lake)
    with pytest.raises(LakeError, match="on purpose"):
        ingest(Failing(SMALL, batch_rows=1))
    assert (lake.loads(), files(lake), lake.store.keys("_staging/")) == ((), before, [])


def test_a_check_sees_whole_files_and_may_hold_the_load(lake: Lake, ingest: Ingest) -> None:
    seen: list[StagedLoad] = []

    def check(load: StagedLoad) -> CheckResult:
        seen.append(load)
        examples = next(file for file in load.files if file.table == "examples")
        assert duckdb.sql(f"select count(*) from '{examples.path}'").fetchall() == [(6,)]
        return CheckResult(hold_because="too few", findings=(Finding("few", "6"),))

    (result,) = ingest(MadeRun(SMALL), check=check)
    assert result.outcome == "held"
    assert [finding.code for finding in result.findings] == ["examples_missing", "few"]
    assert lake.current() == {}
    assert [(load.state, load.reason) for load in lake.loads()] == [("held", "too few")]
    assert count(lake, "loads", "state = 'held'") == 1
    assert count(lake, "current_loads") == 0
    assert [r.outcome for r in ingest(MadeRun(SMALL), check=check)] == ["held"]
    assert len(seen) == 1


def test_progress_is_told_every_row_once(ingest: Ingest) -> None:
    told: list[Any] = []

    class Notes:
        def started(self, job_id: str, *, input_bytes: int, rows_expected: int | None) -> None:
            told.append((job_id, input_bytes, rows_expected))

        def stage(self, name: str) -> None:
            told.append(name)

        def advanced(self, *, rows: int, bytes: int) -> None:
            told.append(rows)

        def moved(self, *, bytes: int, of: int) -> None:
            told.append((bytes, of))

        def finished(self, result: LandingResult) -> None:
            told.append(result.outcome)

    ingest(MadeRun(SMALL, batch_rows=5), progress=Notes())
    assert [one for one in told if one != "finding"] == [
        (JOB, 3000, None),
        "reading",
        5,
        5,
        4,
        "writing",
        "placing",
        "committing",
        "snapshots",
        "landed",
    ]


def test_batches_keep_their_order_whatever_thread_builds_them(lake: Lake, ingest: Ingest) -> None:
    ingest(MadeRun([row(n) for n in range(40)], batch_rows=1))
    order = duckdb.sql(
        f"select source_row from '{lake.root}/examples/job_id=t*/*/*.parquet'"
    ).fetchall()
    assert [number for (number,) in order] == [*range(40)]


def test_a_reader_of_another_shape_is_refused(ingest: Ingest, lake: Lake) -> None:
    class Odd(MadeRun):
        def batches(self, *, max_bytes: int) -> Any:
            yield pa.RecordBatch.from_pydict({"role": [LANDED]})

    with pytest.raises(TypeError, match="a reader handed on"):
        ingest(Odd(SMALL))
    assert lake.loads() == ()


def test_snapshots_that_fail_do_not_undo_a_committed_load(
    ingest: Ingest, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise LakeError("disk full", where="loads.parquet")

    monkeypatch.setattr("ingest.lake.lake.write_snapshots", refuse)
    with pytest.raises(StoreError, match="is committed, but the snapshots"):
        ingest(MadeRun(SMALL))
    monkeypatch.undo()
    assert set(lake.current()) == {JOB}
    assert count(lake, "examples") == 6
    assert count(lake, "current_loads") == 0
    assert ingest(MadeRun(SMALL))[0].outcome == "unchanged"
    assert count(lake, "current_loads") == 1


def test_where_the_time_went_is_told_stage_by_stage(ingest: Ingest) -> None:
    (landed,) = ingest(MadeRun(SMALL))
    stages = ["reading", "writing", "placing", "committing", "snapshots"]
    assert [name for name in landed.stages if name != "finding"] == stages
    assert all(seconds >= 0 for seconds in landed.stages.values())
    (again,) = ingest(MadeRun(SMALL))
    assert again.outcome == "unchanged"
    assert set(again.stages) <= {"finding"}
