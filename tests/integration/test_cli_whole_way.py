"""The command line from files to report: one demo, looked at from every side."""

from __future__ import annotations

import json
import shutil
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from evallake.cli import cli
from evallake.demo.judge_job import MOST_JUDGED
from evallake.project import find_project
from evallake.query import list_questions
from tests.fixtures.shared_demo import EXAMPLES, SharedDemo

EVIL = "<script>alert(1)</script>"


def run(*arguments: str, **options):
    return CliRunner().invoke(cli, list(map(str, arguments)), prog_name="evallake", **options)


@pytest.fixture
def demo(wheel_demo: SharedDemo) -> tuple[Path, SharedDemo]:
    return wheel_demo.demo, wheel_demo


def ask(folder: Path, *arguments: str):
    done = run("--root", folder / "lake", *arguments)
    assert done.exit_code == 0, done.stderr
    return done.stdout


def test_the_demo_ends_with_numbers_and_where_to_look_next(demo) -> None:
    folder, done = demo
    for words in ("accuracy", "mean confidence", "calibration error", "what goes wrong"):
        assert done.stdout.count(words) >= 2, words
    assert f"of {EXAMPLES:,} answers are right" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr  # nobody's terminal: no bars, no colours
    commands = [line for line in done.stdout.splitlines() if "evallake query " in line]
    assert len(commands) >= 4
    assert (folder / "report.html").is_file()


def test_the_demo_again_changes_nothing(demo) -> None:
    folder, _ = demo
    before = (folder / "lake/evallake.duckdb").stat().st_mtime_ns
    again = run("demo", "--examples", EXAMPLES, "--folder", folder)
    assert again.exit_code == 0
    assert again.stderr.count("unchanged") == 3
    assert "nothing changed" in again.stderr
    assert (folder / "lake/evallake.duckdb").stat().st_mtime_ns == before


def test_jobs_and_show_agree_with_each_other(demo) -> None:
    folder, _ = demo
    jobs = json.loads(ask(folder, "jobs", "--format", "json"))
    assert [job["examples"] for job in jobs] == [EXAMPLES, EXAMPLES, MOST_JUDGED]
    for job in jobs:
        shown = json.loads(ask(folder, "show", job["job_id"], "--format", "json"))
        rows = shown["rows"]
        assert rows["landed"] == job["examples"]
        assert rows["read"] == sum(rows[k] for k in ("landed", "merged", "duplicate", "rejected"))
        assert rows["read"] == sum(file["read"] for file in shown["files"])
        assert shown["facts"]["model_name"] == job["model_name"]
        assert shown["reported_metrics"]
        text = ask(folder, "show", job["job_id"])
        assert f"{rows['landed']:,} landed" in text
        assert job["model_name"] in text


JOBS_IN_ANSWERS = {
    "audit_findings": 3,
    "job_history": 3,
    "job_summary": 3,
    "judge_summary": 1,
    "position_bias": 1,
}
"""Where an answer is not about the two models' jobs alone."""
MAY_BE_EMPTY = {
    "held_loads",
    "load_quality",
    "prompt_comparison",
    "recalibration",
    "segments_needing_attention",
}
"""Questions of which "none" is an answer."""


@pytest.mark.parametrize("question", list_questions(find_project()), ids=lambda q: q.name)
def test_every_question_has_an_answer(demo, question) -> None:
    rows = json.loads(ask(demo[0], "query", question.name, "--format", "json"))
    if question.name in MAY_BE_EMPTY:
        return
    assert rows
    if "job_id" in rows[0]:  # a comparison names two
        expected = JOBS_IN_ANSWERS.get(question.name, 2)
        assert len({row["job_id"] for row in rows}) == expected


def test_answers_are_the_same_in_every_format(demo, tmp_path) -> None:
    arguments = ("query", "thresholds")
    rows = json.loads(ask(demo[0], *arguments, "--format", "json"))
    ask(demo[0], *arguments, "--format", "parquet", "--output", tmp_path / "t.parquet")
    assert pq.read_table(tmp_path / "t.parquet").to_pylist() == rows
    assert len(ask(demo[0], *arguments, "--format", "csv").splitlines()) == len(rows) + 1
    assert len(ask(demo[0], *arguments).splitlines()) == len(rows) + 1


def test_sql_comes_from_standard_input_too(demo) -> None:
    done = run(
        "--root", demo[0] / "lake", "query", "--sql", "-", "--format", "csv",
        input="select sum(examples) as n from dim_jobs",
    )  # fmt: skip
    assert done.stdout.split() == ['"n"', str(2 * EXAMPLES)]


def test_anybody_can_read_the_published_file_from_anywhere(demo, monkeypatch) -> None:
    monkeypatch.chdir("/")
    path = demo[0] / "lake/evallake.duckdb"
    with duckdb.connect(str(path), read_only=True) as connection:  # no functions, no prelude
        tables = connection.execute(
            "select table_name, table_type from information_schema.tables"
        ).fetchall()
        for name, _ in tables:
            connection.execute(f'select * from "{name}" limit 1').fetchall()
        kinds = {name: kind for name, kind in tables if name.startswith(("mart_", "fct_", "dim_"))}
        assert len(kinds) >= 12
        assert set(kinds.values()) == {"BASE TABLE"}


def test_the_report_holds_the_summary_s_numbers(demo) -> None:
    folder, _ = demo
    text = (folder / "report.html").read_text(encoding="utf-8")
    for row in json.loads(ask(folder, "query", "job_summary", "--format", "json")):
        if row["accuracy"] is not None:  # a judge's job has verdicts and no answers
            assert row["job_id"] in text
            assert f"{row['accuracy'] * 100:.1f} %" in text
    assert "<script" not in text


def test_one_job_alone_and_an_unknown_one(demo, tmp_path) -> None:
    folder, _ = demo
    job = json.loads(ask(folder, "jobs", "--format", "json"))[0]["job_id"]
    ask(folder, "report", "--job", job, "--output", tmp_path / "one.html")
    assert (tmp_path / "one.html").read_text().count("<article") == 1
    wrong = run("--root", folder / "lake", "report", "--job", "nobody", "-o", tmp_path / "x.html")
    assert wrong.exit_code == 3
    assert not (tmp_path / "x.html").exists()


def test_hostile_texts_reach_the_report_as_texts(demo, tmp_path) -> None:
    """A copy of the published tables with markup in every text the report shows."""
    folder, _ = demo
    lake = tmp_path / "lake"
    lake.mkdir()
    shutil.copy(folder / "lake/evallake.duckdb", lake)
    with duckdb.connect(str(lake / "evallake.duckdb")) as connection:
        for table, column in (
            ("dim_jobs", "model_name"),
            ("dim_jobs", "source_uri"),
            ("mart_failures", "query_excerpt"),
            ("mart_failures", "gold_excerpt"),
            ("mart_failures", "prediction_excerpt"),
            ("mart_failures", "predicted_label"),
            ("mart_slice_metrics", "slice_value"),
            ("mart_model_deltas", "reason"),
            ("mart_model_deltas", "finding"),
            ("mart_slice_deltas", "slice_value"),
            ("mart_example_deltas", "query"),
            ("mart_example_deltas", "candidate_answer"),
            ("mart_judge", "slice_value"),
            ("mart_metric_audit", "task_key"),
        ):
            connection.execute(f"update {table} set {column} = {column} || ?", [EVIL])
    done = run("--root", lake, "report", "--output", tmp_path / "evil.html")
    assert done.exit_code == 0, done.stderr
    tags: list[str] = []
    texts: list[str] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attrs: tags.append(tag)  # type: ignore[method-assign]
    parser.handle_data = texts.append  # type: ignore[method-assign]
    parser.feed((tmp_path / "evil.html").read_text(encoding="utf-8"))
    assert "script" not in tags
    assert "".join(texts).count(EVIL) > 20


def test_drop_and_restore_are_seen_by_the_lake_at_once(demo, tmp_path) -> None:
    folder = tmp_path / "demo"  # others look at the lake meanwhile
    shutil.copytree(demo[0], folder)
    job = json.loads(ask(folder, "jobs", "--format", "json"))[0]["job_id"]
    assert ask(folder, "drop", job, "--reason", "a try").strip() == job
    assert len(json.loads(ask(folder, "jobs", "--format", "json"))) == 2
    hidden = json.loads(ask(folder, "jobs", "--all", "--format", "json"))
    assert {row["job_id"]: row["state"] for row in hidden}[job] == "dropped"
    assert "a try" in ask(folder, "show", job)
    assert run("--root", folder / "lake", "drop", job).exit_code == 3
    assert ask(folder, "restore", job).strip() == job
    assert len(json.loads(ask(folder, "jobs", "--format", "json"))) == 3


def test_one_bad_source_among_many_stops_nothing(demo, tmp_path) -> None:
    folder, _ = demo
    good = sorted((folder / "jobs").glob("*/output/output.tar.gz"))
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.tar.gz").write_bytes(good[0].read_bytes()[:5000])
    done = run(
        *("--root", tmp_path / "lake", "ingest", "--format", "json"),
        *(tmp_path / "empty", good[0], tmp_path / "broken.tar.gz", tmp_path / "absent", good[1]),
    )
    assert done.exit_code == 3
    lines = json.loads(done.stdout)
    assert [line["outcome"] for line in lines] == ["failed", "landed", "failed", "failed", "landed"]
    assert [bool(line["error"]) for line in lines] == [True, False, True, True, False]
    assert "3 of 5 sources failed" in done.stderr
    assert "2 runs in " in done.stderr
    assert lines[0]["stages"] == {}
    assert {"reading", "writing", "committing"} <= set(lines[1]["stages"])
    listed = json.loads(run("--root", tmp_path / "lake", "jobs", "--format", "json").stdout)
    assert len(listed) == 2

    again = run("--root", tmp_path / "lake", "ingest", "--tag", "team=a", good[0])
    assert (again.exit_code, "landed" in again.stdout) == (0, True)
    same = run("--root", tmp_path / "lake", "ingest", "--tag", "team=a", good[0])
    assert (same.exit_code, "unchanged" in same.stdout) == (0, True)
