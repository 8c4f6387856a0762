"""dbt-athena, unmodified, builds a small project on the rig: twice, with all it offers for Hive."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.athena.rig import SharedRig

PROJECT = Path(__file__).with_name("toy_project")
BUCKET = "rigtest-dbt"
DATABASE = "rigtest_dbt"

Dbt = Any


@pytest.fixture(scope="module")
def dbt(rig: SharedRig, tmp_path_factory: pytest.TempPathFactory) -> Dbt:
    """Runs a dbt command on the project and gives what it did, by the last part of each node."""
    import boto3

    boto3.client("s3").create_bucket(Bucket=BUCKET)
    target = tmp_path_factory.mktemp("target")

    def run(*command: str) -> dict[str, str]:
        done = subprocess.run(
            [
                Path(sys.executable).with_name("dbt"),
                "--no-use-colors",
                *command,
                f"--project-dir={PROJECT}",
                f"--profiles-dir={PROJECT}",
                f"--target-path={target}",
                f"--log-path={target}",
            ],
            env=dict(os.environ),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        results = json.loads((target / "run_results.json").read_text(encoding="utf-8"))
        return {r["unique_id"].split(".")[2]: r["status"] for r in results["results"]}

    run.target = target  # type: ignore[attr-defined]
    return run


@pytest.fixture(scope="module")
def built(dbt: Dbt) -> dict[str, str]:
    """The project, built once from nothing."""
    return dbt("build", "--full-refresh", "--vars", '{"run": 1}')


def rows(sql: str) -> list[tuple[Any, ...]]:
    from pyathena import connect

    with connect(
        s3_staging_dir=f"s3://{BUCKET}/results/", schema_name=DATABASE, poll_interval=0.05
    ) as connection:
        cursor = connection.cursor()
        cursor.execute(sql)
        return sorted(cursor.fetchall())


def test_everything_is_built_and_tested(built: dict[str, str]) -> None:
    assert set(built.values()) <= {"success", "pass"}
    assert len(built) == 10  # a seed, five models, four tests


def test_seeds_keep_types_nulls_and_letters(built: dict[str, str]) -> None:
    got = rows("select city_id, name, people, cast(founded as varchar) from cities")
    assert got[0] == (1, "Zürich", 434335, "0015-01-01")
    assert got[1] == (2, "Bern, Bundesstadt", 134591, "1191-01-01")
    assert got[2][2:] == (7, None)


def test_views_and_tables_are_read_back(built: dict[str, str]) -> None:
    assert [row[0] for row in rows("select city_id from city_names")] == [1, 2]


def test_more_than_a_hundred_partitions_are_written_in_batches(built: dict[str, str]) -> None:
    import boto3

    assert rows("select count(*), count(distinct part) from many_parts") == [(130, 130)]
    pages = boto3.client("glue").get_paginator("get_partitions")
    found = pages.paginate(DatabaseName=DATABASE, TableName="many_parts")
    assert sum(len(page["Partitions"]) for page in found) == 130


def test_descriptions_reach_the_catalogue(built: dict[str, str]) -> None:
    import boto3

    table = boto3.client("glue").get_table(DatabaseName=DATABASE, Name="big_cities")["Table"]
    assert table["Description"] == "Cities with more than a hundred people."
    described = {c["Name"]: c.get("Comment") for c in table["StorageDescriptor"]["Columns"]}
    assert described["city_id"] == "The city's number; never null."


def test_a_second_build_appends_and_overwrites_partitions(built: dict[str, str], dbt: Dbt) -> None:
    again = dbt("build", "--exclude", "many_parts", "--vars", '{"run": 2}')
    assert set(again.values()) <= {"success", "pass"}
    assert rows("select visit, day from visits") == [(1, "2026-01-01"), (2, "2026-01-02")]
    assert rows("select day, n, note from days") == [
        ("1", 1, "first"),
        ("2", 20, "second"),
        ("3", 30, "second"),
    ]


def test_docs_know_every_column(built: dict[str, str], dbt: Dbt) -> None:
    dbt("docs", "generate")
    catalog = json.loads((dbt.target / "catalog.json").read_text(encoding="utf-8"))
    columns = catalog["nodes"]["model.rig_toy.days"]["columns"]
    assert [name.lower() for name in columns] == ["n", "note", "day"]
    assert "model.rig_toy.city_names" in catalog["nodes"]
