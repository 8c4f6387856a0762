"""The project built by both engines: every test holds, every row and every answer is the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from difflib import unified_diff
from pathlib import Path

import pytest
import yaml

from evallake.config import AthenaPlace, Config
from evallake.report.gathering import gather
from evallake.report.page import render_page
from tests.athena.conftest import SAID
from tests.athena.parity.answers import answer_differences, sorted_by
from tests.athena.parity.building import Model, unit_test
from tests.athena.parity.comparing import Comparison, compare
from tests.athena.parity.conftest import MARTS, ON_ATHENA, Builds
from tests.athena.rig import SharedRig
from tests.fixtures.dbt import PROJECT
from tests.fixtures.known_truth import NOW

QUESTIONS = sorted((PROJECT / "sql").glob("*.sql"))
LEAST_EXAMPLES = 50_000
LEAST_JOBS = 3
REPORTED = ("tickets-small", "tickets-large", "judge-rubric", "bad-answers")
"""Two jobs that are a pair, a judge, and one with little to show: a page of every sort."""
LEAST_LINES_OF_REPORT = 500
SHOWN = 60
"""Problems shown when a test fails."""


@pytest.fixture(scope="module")
def comparisons(builds: Builds) -> list[Comparison]:
    """Every model of the manifest, compared."""
    models = tuple(model for model in builds.athena.models if model.grain)
    relations = builds.reader.unload(models)
    return [_compared(builds, model, relations[model.name]) for model in models]


def test_every_model_and_every_test_passes_on_both(
    builds: Builds, record_property: Callable[[str, object], None]
) -> None:
    refuse([*builds.duckdb.problems(), *builds.athena.problems()])
    assert builds.duckdb.results.keys() == builds.athena.results.keys()
    record_property(
        SAID,
        f"dbt build: {len(builds.athena.statuses('model'))} models and"
        f" {len(builds.athena.statuses('test'))} tests of the data passed on each engine;"
        f" {builds.duckdb.seconds:.0f} s on duckdb, {builds.athena.seconds:.0f} s on athena",
    )


def test_every_unit_test_passes_on_athena(
    builds: Builds, record_property: Callable[[str, object], None]
) -> None:
    ran = unit_test(builds.athena.dbt, "athena", **ON_ATHENA)
    refuse(ran.problems())
    declared = [
        test["name"]
        for file in (PROJECT / "models").rglob("*.yml")
        for test in yaml.safe_load(file.read_text(encoding="utf-8")).get("unit_tests", [])
    ]
    assert len(ran.statuses("unit_test")) == len(declared)
    record_property(
        SAID, f"dbt test: {len(declared)} unit tests passed on athena in {ran.seconds:.0f} s"
    )


def test_every_model_says_what_a_row_is(builds: Builds) -> None:
    assert not [model.name for model in builds.athena.models if not model.grain]


def test_the_lake_is_large_and_awkward_enough(builds: Builds) -> None:
    [(examples, jobs)] = builds.connection.execute(
        "select count(*), count(distinct job_id) from fct_examples"
    ).fetchall()
    assert examples >= LEAST_EXAMPLES
    assert jobs >= LEAST_JOBS


def test_every_row_is_the_same(
    comparisons: list[Comparison], record_property: Callable[[str, object], None]
) -> None:
    record_property(SAID, summary(comparisons))
    refuse([line for found in comparisons for line in found.differences])


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda path: path.stem)
def test_question(question: Path, builds: Builds) -> None:
    sql = question.read_text(encoding="utf-8")
    here = builds.connection.execute(sql)
    rows = here.fetchall()
    names, types, texts = builds.reader.ask(sql)
    assert names == [column[0] for column in here.description]
    there = [
        tuple(_value(text, kind) for text, kind in zip(row, types, strict=True)) for row in texts
    ]
    refuse(answer_differences(question.stem, names, rows, there, sorted_by(sql)))


def test_the_report_says_the_same(builds: Builds, rig: SharedRig) -> None:
    duckdb = Config(root="the lake", duckdb=builds.duckdb.dbt.database)
    place = AthenaPlace(MARTS, "primary", ON_ATHENA["EVALLAKE_ATHENA_STAGING"])
    here, there = (
        render_page(replace(gather(config, jobs=REPORTED, now=NOW), lake_root="")).splitlines()
        for config in (duckdb, replace(duckdb, athena=place))
    )
    assert len(here) > LEAST_LINES_OF_REPORT
    refuse(list(unified_diff(here, there, "duckdb", "athena", lineterm="", n=0)))


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ([("a", 0.1), ("b", 0.2), ("c", 0.2)], ""),
        ([("a", 0.1), ("c", 0.2 + 1e-16), ("b", 0.2)], ""),  # a tie but for rounding
        ([("b", 0.2), ("a", 0.1), ("c", 0.2)], "row 0 stands elsewhere"),
        ([("a", 0.1), ("b", 0.2), ("x", 0.2)], "('c', 0.2) is on duckdb alone"),
        ([("a", 0.1), ("b", 0.2)], "3 rows on duckdb, 2 on athena"),
    ],
)
def test_answers_are_compared_in_order_up_to_ties(
    there: list[tuple[object, ...]], said: str
) -> None:
    here: list[tuple[object, ...]] = [("a", 0.1), ("b", 0.2), ("c", 0.2)]
    found = answer_differences("q", ["name", "score"], here, there, ["score", "name"])
    assert (said in " ".join(found)) if said else not found


def refuse(problems: list[str]) -> None:
    """Fail with a line per problem and nothing else."""
    if problems:
        pytest.fail("\n".join([f"{len(problems)} problems", *problems[:SHOWN]]), pytrace=False)


def summary(comparisons: list[Comparison]) -> str:
    """A line per model and one for all: rows, columns, largest relative difference."""
    width = max(len(found.model) for found in comparisons)
    lines = [f"{'model':{width}} {'rows':>10} {'columns':>8} {'largest difference':>19}"]
    lines += [
        f"{found.model:{width}} {found.rows:>10,} {found.columns:>8} {found.largest_difference:>19.1e}"
        for found in comparisons
    ]
    lines.append(
        f"{f'{len(comparisons)} models':{width}} {sum(c.rows for c in comparisons):>10,}"
        f" {sum(c.columns for c in comparisons):>8}"
        f" {max(c.largest_difference for c in comparisons):>19.1e}"
    )
    return "\n".join(lines)


def _compared(builds: Builds, model: Model, relation: str) -> Comparison:
    # an unload of no rows leaves no file: then there is nothing but the number of rows
    nothing = f"(select * from {model.name} where false)"
    return compare(
        builds.connection,
        model.name,
        grain=model.grain,
        duckdb_relation=model.name,
        trino_relation=relation or nothing,
    )


def _value(text: str | None, kind: str) -> object:
    """A cell of Athena's answer as the value that it stands for."""
    if text is None:
        return None
    if kind in {"integer", "bigint"}:
        return int(text)
    if kind in {"double", "float"}:
        return float(text)
    if kind == "boolean":
        return text == "true"
    if kind.startswith("timestamp"):
        return datetime.fromisoformat(text)
    if kind == "date":
        return date.fromisoformat(text)
    return text
