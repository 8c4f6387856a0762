"""The suites say what the registry says, and Great Expectations reads them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evallake.project import find_project
from evallake.validation.declared import HAND, REGISTRY, read_suite, read_suites
from evallake.validation.rows import great_expectations
from evallake.validation.structure import main, structural
from ingest.errors import InputError
from ingest.tables import SOURCE_TABLES, Table

SUITES = find_project().expectations


@pytest.mark.parametrize("table", SOURCE_TABLES, ids=lambda table: table.name)
def test_the_structure_is_that_of_the_registry(table: Table) -> None:
    suite = read_suite(SUITES / f"{table.name}.json")
    assert suite.table == table.name
    assert suite.of_origin(REGISTRY) == structural(table), "run `make docs`"
    assert suite.of_origin(HAND), "columns and types alone say little about a table"


def test_there_is_a_suite_for_every_table_and_no_other() -> None:
    assert set(read_suites(SUITES)) == {table.name for table in SOURCE_TABLES}


def test_an_expectation_is_told_from_the_others_of_its_table() -> None:
    for suite in read_suites(SUITES).values():
        keys = [expectation.key for expectation in suite.expectations]
        assert len(keys) == len(set(keys)), suite.table


def test_every_column_named_is_one_of_the_table() -> None:
    columns = {table.name: {c.name for c in table.columns} for table in SOURCE_TABLES}
    for suite in read_suites(SUITES).values():
        for expectation in suite.expectations:
            assert set(expectation.columns) <= columns[suite.table], expectation.key


def test_the_generator_keeps_what_was_written_by_hand(tmp_path: Path) -> None:
    for path in SUITES.glob("*.json"):
        content = json.loads(path.read_text(encoding="utf-8"))
        content["expectations"] = [
            entry for entry in content["expectations"] if entry["meta"]["origin"] != REGISTRY
        ]
        (tmp_path / path.name).write_text(json.dumps(content), encoding="utf-8")
    main(tmp_path)
    assert read_suites(tmp_path) == read_suites(SUITES)


def test_great_expectations_reads_every_suite() -> None:
    gx = great_expectations()
    for path in SUITES.glob("*.json"):
        content = json.loads(path.read_text(encoding="utf-8"))
        suite = gx.ExpectationSuite(**content)
        assert len(suite.expectations) == len(content["expectations"])


@pytest.mark.parametrize("text", ["", "{}", '{"name": "jobs", "expectations": [{"type": "x"}]}'])
def test_a_file_that_is_no_suite_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "jobs.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="not a suite of expectations"):
        read_suite(path)
