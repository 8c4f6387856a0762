"""Where the lake and the tables are: said, else the environment, else the defaults."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from evallake.config import configure

CWD = Path("/somewhere/else")


def test_defaults_lie_under_the_current_folder() -> None:
    config = configure(environ={}, cwd=CWD)
    assert config.root == "/somewhere/else/lake"
    assert config.duckdb == CWD / "lake/evallake.duckdb"
    assert config.work_folder == CWD / "lake/.evallake"


def test_what_was_said_beats_the_environment() -> None:
    environ = {"EVALLAKE_ROOT": "from_env", "EVALLAKE_DUCKDB": "env.duckdb"}
    said = configure("said", "said.duckdb", environ=environ, cwd=CWD)
    assert (said.root, said.duckdb) == ("/somewhere/else/said", CWD / "said.duckdb")
    unsaid = configure(environ=environ, cwd=CWD)
    assert (unsaid.root, unsaid.duckdb) == ("/somewhere/else/from_env", CWD / "env.duckdb")


def test_the_environment_for_dbt_is_absolute() -> None:
    environment = configure("../x", environ={}, cwd=CWD).environment
    assert environment == {
        "EVALLAKE_ROOT": "/somewhere/x",
        "EVALLAKE_DUCKDB": "/somewhere/x/evallake.duckdb",
    }


def test_the_tables_of_a_remote_lake_are_published_here() -> None:
    config = configure("s3://bucket/lake/", environ={}, cwd=CWD)
    assert (config.root, config.duckdb) == ("s3://bucket/lake", CWD / "evallake.duckdb")
    assert configure("s3://bucket/lake", "t.duckdb", environ={}, cwd=CWD).duckdb == CWD / "t.duckdb"


def test_only_a_remote_lake_is_registered_and_not_if_nobody_wants_it() -> None:
    def database(*roots: str, **options: Any) -> str | None:
        environ = {"EVALLAKE_GLUE_DATABASE": "from_env"} if "env" in roots else {}
        return configure(roots[0], environ=environ, cwd=CWD, **options).glue_database

    assert database("lake") is None
    assert database("lake", "env") is None
    assert database("s3://bucket/lake") == "evallake_raw"
    assert database("s3://bucket/lake", "env") == "from_env"
    assert database("s3://bucket/lake", "env", glue_database="said") == "said"
    assert database("s3://bucket/lake", "env", glue=False) is None


def test_home_and_file_addresses_are_understood() -> None:
    assert configure("~/lake", environ={}, cwd=CWD).root == str(Path.home() / "lake")
    assert configure("file:///data/lake", environ={}, cwd=CWD).root == "/data/lake"
