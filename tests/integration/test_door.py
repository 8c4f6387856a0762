"""The door on the way that people go: spoilt jobs are held, unseen, and seen once released."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from click.testing import CliRunner

from evallake.cli import cli
from evallake.validation.door import Door
from ingest.lake import Lake
from ingest.landing import IngestOptions, LandingResult, ingest_source, staging
from ingest.tables import TABLES
from tests.fixtures.container_trees import (
    GEN_QA,
    SHAPES,
    Row,
    nova,
    results,
    write_details,
    write_results,
)
from tests.fixtures.judges import (
    BEDROCK_SUMMARY,
    RUBRIC_TASK,
    TASK,
    bedrock_line,
    details_table,
    rubrics,
    votes,
    write_bedrock,
)
from tests.fixtures.judges import write_job as write_judge
from tests.unit.validation.loads import Spoil, with_values

GOOD = [
    Row(query=f"question {n}", golds=["A"], predictions=["A"], logprobs=[[{"A": -0.25, "B": -2.0}]])
    for n in range(12)
]


def odd(**changed: Any) -> list[Row]:
    """The good rows and one more that is not."""
    return [*GOOD, replace(GOOD[0], query="another", **changed)]


@pytest.fixture(scope="module")
def door() -> Door:
    return Door(now=lambda: datetime(2026, 11, 22, tzinfo=UTC))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake.open(str(tmp_path / "lake"), create=True)


def write(
    folder: Path, rows: list[Row], *, table: Any = nova, seconds: float = 9.5, **reported: float
) -> Path:
    """A job of these rows; `reported` replaces what its results file says of the task."""
    write_details(folder, table(rows))
    content = results({GEN_QA: len(rows)}, **reported)
    content["config_general"]["total_evaluation_time_secondes"] = str(seconds)
    write_results(folder, content)
    return folder


def land(source: Path, lake: Lake, door: Door) -> LandingResult:
    (result,) = ingest_source(
        str(source),
        lake,
        options=IngestOptions(workers=1, job_id="job"),
        now=lambda: datetime(2026, 11, 22, tzinfo=UTC),
        check=door,
    )
    return result


def seen(lake: Lake, table: str) -> int:
    """Rows of a table that somebody who reads the lake by SQL sees."""
    query = f"""
        select count(*) from read_parquet(
            '{lake.root}/{table}/**/*.parquet', union_by_name = true,
            hive_partitioning = true, hive_types_autocast = false
        ) as t
        inner join '{lake.root}/current_loads/*.parquet' as c
            on t.job_id = c.job_id and t.load_id = c.load_id
    """
    return int(duckdb.sql(query).fetchall()[0][0])


SPOILT_FILES: dict[str, tuple[Callable[[Path], Path], str]] = {
    "a score in percents": (
        lambda folder: write(folder, odd(metrics={"f1": 61.5})),
        "these metrics lie between 0 and 1",
    ),
    "a BLEU above 100": (
        lambda folder: write(folder, odd(metrics={"bleu": 140.0})),
        "BLEU lies between 0 and 100",
    ),
    "a job that ended before it began": (
        lambda folder: write(folder, GOOD, seconds=-5.0),
        "a duration is not negative",
    ),
    "a standard error below 0": (
        lambda folder: write(folder, GOOD, rouge1_stderr=-0.25),
        "a standard error is not negative",
    ),
}
"""What a container could have written, and the expectation that it does not meet."""


@pytest.mark.parametrize("kind", SPOILT_FILES)
def test_a_spoilt_job_is_held_unseen_and_seen_once_released(
    lake: Lake, door: Door, tmp_path: Path, kind: str
) -> None:
    make, because = SPOILT_FILES[kind]
    result = land(make(tmp_path / "job"), lake, door)
    assert result.outcome == "held"
    assert result.held_because is not None
    assert because in result.held_because
    assert (lake.current(), seen(lake, "jobs"), seen(lake, "examples")) == ({}, 0, 0)
    assert [(load.state, load.reason) for load in lake.loads()] == [("held", result.held_because)]
    again = land(tmp_path / "job", lake, door)
    assert (again.outcome, again.held_because) == ("held", result.held_because)
    lake.release("job", reason="known, and meant")
    assert (seen(lake, "jobs"), seen(lake, "examples")) == (1, result.accounting.landed)
    assert seen(lake, "expectation_results") > 100
    assert lake.loads()[0].reason == "known, and meant"


SPOILT_TABLES: dict[str, tuple[str, Spoil, str]] = {
    "a token twice": (
        "example_tokens",
        lambda rows: pa.concat_tables([rows, rows.slice(0, 1)]),
        "one row per job_id, example_id, position",
    ),
    "an unknown status": (
        "examples",
        with_values("logprobs_status", {5: "maybe"}),
        "the vocabulary of the registry",
    ),
    "ranges turned round": (
        "example_tokens",
        lambda rows: with_values("char_end", dict.fromkeys(range(rows.num_rows), -7))(rows),
        "a range ends after it began",
    ),
    "a field of no example": (
        "example_fields",
        with_values("example_id", {0: "nobody-0"}),
        "every row belongs to a row of examples",
    ),
}
"""What a fault of this program could do to tables on their way into files."""


@pytest.mark.parametrize("kind", SPOILT_TABLES)
def test_a_fault_of_our_own_does_not_get_past_the_door(
    lake: Lake, door: Door, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, spoil, because = SPOILT_TABLES[kind]
    build = staging.build_ahead

    def spoiling(*args: Any, **options: Any) -> Iterator[tuple[Any, dict[str, pa.Table]]]:
        for raw, tables in build(*args, **options):
            yield raw, {**tables, table: spoil(tables[table]).cast(TABLES[table].schema)}

    monkeypatch.setattr(staging, "build_ahead", spoiling)
    result = land(write(tmp_path / "job", GOOD), lake, door)
    assert result.outcome == "held"
    assert because in (result.held_because or "")
    assert seen(lake, table) == 0


def test_a_warning_is_a_finding_and_a_row_and_holds_nothing(
    lake: Lake, door: Door, tmp_path: Path
) -> None:
    bare = [replace(row, golds=[""]) for row in GOOD]
    result = land(write(tmp_path / "job", bare, em=float("nan")), lake, door)
    assert (result.outcome, result.held_because) == ("landed", None)
    assert "expectation_warning" in [finding.code for finding in result.findings]
    unmet = duckdb.sql(
        f"select distinct severity from '{lake.root}/expectation_results/*.parquet'"
        " where not is_met"
    ).fetchall()
    assert unmet == [("warning",)]


def test_a_held_load_leaves_the_visible_one_in_place(
    lake: Lake, door: Door, tmp_path: Path
) -> None:
    good = land(write(tmp_path / "good", GOOD), lake, door)
    spoilt = SPOILT_FILES["a score in percents"][0](tmp_path / "spoilt")
    held = land(spoilt, lake, door)
    assert held.outcome == "held"
    assert seen(lake, "examples") == good.accounting.landed
    mended = land(write(tmp_path / "mended", GOOD[:5]), lake, door)
    assert mended.outcome == "landed"
    assert {load.load_id: load.state for load in lake.loads()} == {
        good.load_id: "superseded",
        held.load_id: "superseded",
        mended.load_id: "current",
    }


@pytest.mark.parametrize("shape", SHAPES)
def test_every_form_of_a_clean_job_passes(
    lake: Lake, door: Door, tmp_path: Path, shape: str
) -> None:
    result = land(write(tmp_path / "job", GOOD, table=SHAPES[shape]), lake, door)
    assert (result.outcome, result.held_because) == ("landed", None)
    assert [f for f in result.findings if f.code == "expectation_critical"] == []


@pytest.mark.parametrize(
    ("task", "rows"),
    [
        (TASK, [votes("A", "A"), votes("A", "B"), votes("tie", "error")]),
        (RUBRIC_TASK, rubrics(6)),
    ],
    ids=["votes", "rubric"],
)
def test_a_judge_passes_though_it_has_no_examples(
    lake: Lake, door: Door, tmp_path: Path, task: str, rows: list[dict[str, Any]]
) -> None:
    job = write_judge(tmp_path / "job", details_table(rows), task=task)
    result = land(job, lake, door)
    assert (result.outcome, result.held_because) == ("landed", None)
    assert seen(lake, "judgments") == len(rows)


def test_ratings_of_bedrock_pass(lake: Lake, door: Door, tmp_path: Path) -> None:
    lines = [json.dumps(bedrock_line(n, Helpfulness=0.5, Odd=1.0)) for n in range(3)]
    result = land(write_bedrock(tmp_path / "job", lines, BEDROCK_SUMMARY), lake, door)
    assert (result.outcome, result.held_because) == ("landed", None)


REAL = Path(__file__).parents[2] / "../shared/data"
TREES = ("lighteval/lighteval-0.7.0", "lighteval/lighteval-0.13.0", "lighteval/nova-like")


@pytest.mark.parametrize("tree", TREES)
def test_real_trees_pass(lake: Lake, door: Door, tree: str) -> None:
    if not (REAL / tree).is_dir():
        pytest.skip("no real data beside this checkout")
    results = ingest_source(
        str(REAL / tree),
        lake,
        options=IngestOptions(workers=1),
        now=lambda: datetime(2026, 11, 22, tzinfo=UTC),
        check=door,
    )
    assert [result.held_because for result in results] == [None] * len(results)
    assert results


def evallake(*arguments: object) -> Any:
    return CliRunner().invoke(cli, list(map(str, arguments)), prog_name="evallake")


def test_the_command_line_says_what_is_held_and_how_to_let_it_in(tmp_path: Path) -> None:
    root = tmp_path / "lake"
    spoilt = SPOILT_FILES["a score in percents"][0](tmp_path / "spoilt")
    done = evallake("--root", root, "ingest", spoilt, "--job-id", "bad", "--format", "json")
    assert done.exit_code == 3
    assert "bad: is held, nobody sees it: 1 critical expectations failed" in done.stderr
    assert "evallake release bad --reason" in done.stderr
    assert json.loads(done.stdout)[0]["outcome"] == "held"
    listed = evallake("--root", root, "jobs")
    assert "held" in listed.stdout
    assert "1 critical expectations failed" in listed.stdout
    shown = json.loads(evallake("--root", root, "show", "bad", "--format", "json").stdout)
    assert [e["severity"] for e in shown["expectations"]["not_met"]] == ["critical"]
    assert "Expectations not met" in evallake("--root", root, "show", "bad").stdout

    again = evallake("--root", root, "validate", "bad", "--format", "json")
    assert again.exit_code == 3
    (validated,) = json.loads(again.stdout)
    assert (validated["state"], validated["critical"]) == ("held", 1)
    assert validated["not_met"][0]["unexpected_values"][0].endswith("f1, 61.5")

    assert evallake("--root", root, "release", "bad").exit_code == 2
    assert evallake("--root", root, "release", "bad", "--reason", " ").exit_code == 2
    released = evallake("--root", root, "release", "bad", "--reason", "in percents, as agreed")
    assert (released.exit_code, released.stdout.strip()) == (0, "bad")
    assert "in percents, as agreed" in evallake("--root", root, "show", "bad").stdout
    assert evallake("--root", root, "release", "bad", "--reason", "twice").exit_code == 3


def test_nothing_is_checked_where_somebody_says_so(tmp_path: Path) -> None:
    root = tmp_path / "lake"
    spoilt = SPOILT_FILES["a score in percents"][0](tmp_path / "spoilt")
    done = evallake("--root", root, "ingest", spoilt, "--no-validate")
    assert done.exit_code == 0
    assert evallake("--root", root, "validate").exit_code == 3
